"""Do signatures still go through while a crowd watches the count?

    python bench/viewers.py [--viewers 1000,10000,30000,60000,100000] [--every 20] [--rate 33] [--seconds 20]

Each viewer keeps a connection open and asks for the count every so many seconds, as a page that refreshes itself does.
Meanwhile people sign at a steady rate, whether or not the answers keep up; each answer's time is counted from when the
signature was due. The control is the same rate with nobody watching. Viewers, signatories and server share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import cast

import uvloop

import load
import people
from outcome import Outcome
from sign import site

REACH = 250.0
"""Milliseconds within which 99 of 100 receipts must have come."""
PORTS = 20_000
"""Connections from one loopback address: each has a port of its own, and there are not many more."""


class Viewer(asyncio.Protocol):
    """One connection: asks, reads, waits, asks again."""

    def __init__(self, crowd: Crowd, delay: float) -> None:
        self._crowd, self._delay = crowd, delay
        self._asked = 0.0
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for its turn: not everybody opened the page at once."""
        # uvloop's transports are of no common class.
        self._transport = cast(asyncio.Transport, transport)
        self._crowd.here.add(self)
        self._timer = self._crowd.loop.call_later(self._delay, self._ask)

    def _ask(self) -> None:
        self._asked, self._data = time.perf_counter(), b""
        self._transport.write(self._crowd.request)
        self._timer = self._crowd.loop.call_later(self._crowd.every, self._ask)

    def data_received(self, data: bytes) -> None:
        """Notes how long a whole answer took."""
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or b"0")
        if len(body) >= length:
            self._crowd.seen.latencies.append(time.perf_counter() - self._asked)
            self._crowd.seen.statuses[int(head[9:12])] += 1

    def connection_lost(self, _: Exception | None) -> None:
        """A viewer that was sent away does not come back, and is counted."""
        self._timer.cancel()
        self._crowd.here.discard(self)

    def leave(self) -> None:
        """Closes the page."""
        self._timer.cancel()
        self._transport.abort()


class Crowd:
    """All viewers, in one event loop."""

    def __init__(self, port: int, path: str, every: float) -> None:
        self.port, self.every = port, every
        self.request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept-encoding: gzip\r\n\r\n".encode()
        self.here: set[Viewer] = set()
        self.seen = load.Result()
        self.loop = asyncio.get_running_loop()

    async def grow(self, number: int) -> int:
        """Lets viewers come until so many are here, or no more can; returns how many are."""
        gate = asyncio.Semaphore(200)

        async def come(index: int) -> None:
            async with gate:
                delay = self.every * (index % 997) / 997
                address = (f"127.0.0.{2 + index // PORTS}", 0)
                await self.loop.create_connection(
                    lambda: Viewer(self, delay), "127.0.0.1", self.port, local_addr=address
                )

        wanted = range(len(self.here), number)
        for start in range(wanted.start, number, 2000):
            made = await asyncio.gather(
                *(come(i) for i in range(start, min(start + 2000, number))), return_exceptions=True
            )
            refused = [error for error in made if isinstance(error, BaseException)]
            if refused:
                print(f"no more come after {len(self.here)}: {type(refused[0]).__name__}: {refused[0]}")
                break
        return len(self.here)


async def steadily(port: int, path: str, bodies: list[bytes], rate: float) -> load.Result:
    """Posts each body when it is due, over as many kept-alive connections as that takes."""
    result, free = load.Result(), list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\ncontent-length: "
    begun = time.perf_counter()

    async def post(body: bytes, due: float) -> None:
        reader, writer = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(lines.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        result.latencies.append(time.perf_counter() - due)
        result.statuses[int(lines[9:12])] += 1
        free.append((reader, writer))

    tasks = []
    for number, body in enumerate(bodies):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(post(body, due)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - begun
    for _, writer in free:
        writer.close()
    return result


async def run(port: int, asked: argparse.Namespace, bodies: list[bytes]) -> list[dict[str, float]]:
    """One row for each size of the crowd, nobody first."""
    rows = []
    each = int(asked.rate * asked.seconds)
    crowd = Crowd(port, f"/{people.SLUG}/count.json", asked.every)
    for number in [0, *(int(size) for size in asked.viewers.split(","))]:
        here = await crowd.grow(number)
        crowd.seen = load.Result()
        part, bodies = bodies[:each], bodies[each:]
        found = await steadily(port, f"/{people.SLUG}/entries", part, asked.rate)
        seen = crowd.seen
        rows.append({
            "viewers": here, "asked": round(len(seen.latencies) / found.seconds),
            "seen_p99_ms": round(seen.percentile(0.99), 1) if seen.latencies else 0,
            "sign_p50_ms": round(found.percentile(0.5), 1), "sign_p99_ms": round(found.percentile(0.99), 1),
            "errors": found.errors(201) + (seen.errors(200) if seen.latencies else 0) + here - len(crowd.here),
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
        if here < number or rows[-1]["sign_p99_ms"] > 4 * REACH:
            break
    for viewer in list(crowd.here):
        viewer.leave()
    return rows


def open_files(wanted: int) -> int:
    """Raises how many files this process and those it starts may have open, as far as it is let; returns how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in (wanted, most):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (number, max(number, most)))
        except (ValueError, OSError):
            continue
        return number
    return most


def main() -> int:
    """Exit status 1 if a receipt was late, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", default="1000,10000,30000,60000,100000")
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--rate", type=float, default=33)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    most = open_files(230_000)
    print(f"files that may be open: {most}")
    number = int(asked.rate * asked.seconds) * (1 + len(asked.viewers.split(",")))
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port)
        try:
            token = (root / "data" / "keys" / "organiser-token").read_text().strip()
            letter = people.open_letter(server, token, number)
            bodies = people.signatures(letter.manifest, root / "data" / "keys" / f"{people.SLUG}.registrar", number)
            rows = uvloop.run(run(port, asked, bodies))
        finally:
            server.stop()
    late = [row for row in rows if row["sign_p99_ms"] >= REACH or row["errors"]]
    last = rows[-1]
    Outcome(
        f"a receipt, p99, {asked.rate:g} a second, {last['viewers']:,.0f} viewers",
        f"{last['sign_p99_ms']:.0f} ms, {last['errors']:.0f} errors",
        f"nobody watching {rows[0]['sign_p99_ms']:.0f} ms",
        last["sign_p99_ms"],
        REACH,
        "ms",
        at_most=True,
    ).say()
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main())
