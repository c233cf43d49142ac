"""Compares another site with this one: signatures per second over HTTP, with the same load generator in the same run.

    python bench/peer.py --url http://127.0.0.1:9000/sign --form 'name=Test {n}&email=test{n}@example.org' \
        [--page http://127.0.0.1:9000/] [--field csrfmiddlewaretoken] [--type form|json] [--good 200,201,302]

``{n}`` in the template is a different number in each post. ``--page``: fetched before each post, as a browser would,
with its cookies sent back; ``--field``: the hidden field of that page whose value is posted too. The measured time is
from the first byte sent to the last one read, page and post together. Peer and site alternate, and the best round of
each counts. Measure only your own machines: a load generator is an attack on anyone else's.

A load generator can't see what the peer has done by the time it answers: whether it has verified anyone, or whether
anything is on disk. Find out before you compare.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import uvloop

import load
import people
from sign import site


@dataclass
class Peer:
    """How to sign on the peer."""

    url: str
    form: str
    page: str | None = None
    hidden: str | None = None
    json: bool = False
    good: frozenset[int] = field(default_factory=lambda: frozenset({200, 201, 302, 303}))

    def body(self, number: int, token: str) -> bytes:
        """The post of one signature."""
        if self.json:
            return self.form.replace("{n}", str(number)).encode()
        pairs = [part.partition("=") for part in self.form.split("&")]
        spelt = [f"{quote_plus(name)}={quote_plus(value.replace('{n}', str(number)))}" for name, _, value in pairs]
        if self.hidden:
            spelt.append(f"{quote_plus(self.hidden)}={quote_plus(token)}")
        return "&".join(spelt).encode()


class Line:
    """One kept-alive connection to a host, with its cookies. Implements just enough HTTP/1.1."""

    def __init__(self, url: str) -> None:
        found = urlsplit(url)
        if found.scheme != "http" or not found.hostname:
            raise SystemExit(f"{url}: only http:// is measured; a proxy that speaks https stands before both or none")
        self.host, self.port, self.name = found.hostname, found.port or 80, found.netloc
        self.cookies: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, url: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """Status and body."""
        found = urlsplit(url)
        path = (found.path or "/") + (f"?{found.query}" if found.query else "")
        lines = [f"{method} {path} HTTP/1.1", f"host: {self.name}", f"origin: http://{self.name}", f"referer: {url}"]
        if self.cookies:
            lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += [f"content-type: {kind}", f"content-length: {len(body)}"]
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._streams
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        return int(head[9:12]), await self._rest(reader, head)

    async def _rest(self, reader: asyncio.StreamReader, head: str) -> bytes:
        headers = [line.partition(":")[::2] for line in head.split("\r\n")[1:] if line]
        known = {name.lower(): value.strip() for name, value in headers}
        for name, value in headers:
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value.strip()).items()}
        closing = known.get("connection", "").lower() == "close"
        if known.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int((await reader.readline()).split(b";")[0], 16):
                parts.append(await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
            body = b"".join(parts)
        elif "content-length" in known:
            body = await reader.readexactly(int(known["content-length"]))
        else:
            body, closing = (await reader.read(), True) if closing else (b"", False)
        if closing and self._streams is not None:
            self._streams[1].close()
            self._streams = None
        return body

    def close(self) -> None:
        """Ends it."""
        if self._streams is not None:
            self._streams[1].close()


async def _sign(peer: Peer, waiting: list[int], result: load.Result) -> None:
    # One person each: separate cookies, on the same connection.
    line = Line(peer.url)
    kind = "application/json" if peer.json else "application/x-www-form-urlencoded"
    while waiting:
        number, token = waiting.pop(), ""
        line.cookies.clear()
        begun = time.perf_counter()
        if peer.page:
            _, page = await line.ask("GET", peer.page)
            token = hidden_value(page, peer.hidden) if peer.hidden else ""
        status, _ = await line.ask("POST", peer.url, peer.body(number, token), kind)
        result.latencies.append(time.perf_counter() - begun)
        result.statuses[201 if status in peer.good else status] += 1
    line.close()


def hidden_value(page: bytes, name: str) -> str:
    """Returns the value of a hidden field."""
    for tag in re.findall(r"<input\b[^>]*>", page.decode("utf-8", "replace")):
        found = dict(re.findall(r"""([\w-]+)\s*=\s*["']([^"']*)["']""", tag))
        if found.get("name") == name:
            return str(found.get("value", ""))
    raise SystemExit(f"the page has no field {name}")


async def _run(peer: Peer, numbers: list[int], connections: int) -> load.Result:
    result, waiting = load.Result(), list(numbers)
    begun = time.perf_counter()
    await asyncio.gather(*(_sign(peer, waiting, result) for _ in range(connections)))
    result.seconds = time.perf_counter() - begun
    return result


def main() -> int:
    """Runs it and prints both; exit status 1 if the peer refused a signature."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--form", required=True)
    parser.add_argument("--page")
    parser.add_argument("--field")
    parser.add_argument("--type", choices=("form", "json"), default="form")
    parser.add_argument("--good", default="200,201,302,303")
    parser.add_argument("--signatures", type=int, default=500)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    good = frozenset(int(status) for status in asked.good.split(","))
    peer = Peer(asked.url, asked.form, asked.page, asked.field, asked.type == "json", good)
    each, found = asked.signatures, dict[str, list[load.Result]]()
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port)
        try:
            token = (root / "data" / "keys" / "organiser-token").read_text().strip()
            letter = people.open_letter(server, token, each * asked.rounds)
            registrar = root / "data" / "keys" / f"{people.SLUG}.registrar"
            bodies = people.signatures(letter.manifest, registrar, each * asked.rounds)
            start = int(time.time()) * 1000
            for turn in range(asked.rounds):
                numbers = [start + turn * each + i for i in range(each)]
                found.setdefault("peer", []).append(uvloop.run(_run(peer, numbers, asked.connections)))
                part = bodies[turn * each : (turn + 1) * each]
                ours = load.run(port, f"/{people.SLUG}/entries", part, asked.connections)
                found.setdefault("site", []).append(ours)
        finally:
            server.stop()
    best = {name: max(results, key=lambda result: result.rate) for name, results in found.items()}
    print(table(best))
    return 0 if not best["peer"].errors(201) else 1


def table(best: dict[str, load.Result]) -> str:
    """Markdown."""
    titles = ("", "signatures a second", "p50, ms", "p99, ms", "errors")
    lines = ["| " + " | ".join(titles) + " |", "|---|---:|---:|---:|---:|"]
    for name, result in best.items():
        figures = (result.rate, result.percentile(0.5), result.percentile(0.99))
        lines.append(f"| {name} | " + " | ".join(f"{one:,.1f}" for one in figures) + f" | {result.errors(201)} |")
    return "\n".join(lines) + f"\n\nsite / peer: {best['site'].rate / best['peer'].rate:.2f}\n"


if __name__ == "__main__":
    raise SystemExit(main())
