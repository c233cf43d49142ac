"""A load generator: a number of connections that each send the next prepared request as soon as they have an answer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import uvloop


@dataclass
class Result:
    """A run's result: total seconds, seconds of each answer, statuses."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """Returns the latency in milliseconds at a percentile."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    def errors(self, expected: int) -> int:
        """Returns the number of answers with another status."""
        return sum(number for status, number in self.statuses.items() if status != expected)


async def _send(host: str, port: int, path: str, waiting: list[bytes], result: Result) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    head = f"POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\ncontent-length: "
    while waiting:
        body = waiting.pop()
        begun = time.perf_counter()
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(lines.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        result.latencies.append(time.perf_counter() - begun)
        result.statuses[int(lines[9:12])] += 1
    writer.close()


async def _run(port: int, path: str, bodies: list[bytes], connections: int) -> Result:
    result, waiting = Result(), list(bodies)
    begun = time.perf_counter()
    await asyncio.gather(*(_send("127.0.0.1", port, path, waiting, result) for _ in range(connections)))
    result.seconds = time.perf_counter() - begun
    return result


def run(port: int, path: str, bodies: list[bytes], connections: int) -> Result:
    """Posts every body once."""
    return uvloop.run(_run(port, path, bodies, connections))
