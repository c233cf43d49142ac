"""Readers: a number of kept-alive connections that each request the same page again as soon as they have it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import cast

import uvloop

from load import Result


class Reader(asyncio.Protocol):
    """One reader's connection. Parses only an answer's status and length."""

    def __init__(self, request: bytes, until: float, result: Result, done: asyncio.Future[None]) -> None:
        self._request, self._until, self._result, self._done = request, until, result, done
        self._wanted, self._got, self._begun = 0, 0, 0.0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._wanted, self._got, self._head = 0, 0, b""
        self._begun = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Counts until the answer is complete, then sends the next request."""
        if not self._wanted:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            self._result.statuses[int(head[9:12])] += 1
            self._wanted = end + 4 + int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
            self._got = len(self._head)
        else:
            self._got += len(data)
        if self._got >= self._wanted:
            now = time.perf_counter()
            self._result.latencies.append(now - self._begun)
            if now < self._until:
                self._ask()
            else:
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Ends the connection; if the server closed it, that is an error."""
        if error is not None or time.perf_counter() < self._until:
            self._result.statuses[0] += 1
        if not self._done.done():
            self._done.set_result(None)


async def _run(port: int, path: str, seconds: float, connections: int) -> Result:
    result, loop = Result(statuses=Counter()), asyncio.get_running_loop()
    request = (
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept-encoding: gzip\r\naccept-language: en\r\n\r\n"
    ).encode()
    begun = time.perf_counter()
    waiting = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        waiting.append(done)

        def made(done: asyncio.Future[None] = done) -> Reader:
            return Reader(request, begun + seconds, result, done)

        await loop.create_connection(made, "127.0.0.1", port)
    await asyncio.gather(*waiting)
    result.seconds = time.perf_counter() - begun
    return result


def read(port: int, path: str, seconds: float, connections: int) -> Result:
    """Reads one page for a number of seconds."""
    return uvloop.run(_run(port, path, seconds, connections))
