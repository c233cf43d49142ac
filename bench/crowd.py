"""Viewers, thousands per process: idle connections that each request the same page every few seconds.

    python bench/crowd.py PORT PATH EVERY ADDRESS

Speaks JSON lines: ``{"grow": n}`` connects viewers until there are ``n``; ``{"clear": 1}`` resets the statistics;
``{"tell": 1}`` reports them. A process is limited by its open files, and one source address has some 28,000 ports, so
``viewers.py`` starts several of these with one address each.

It has its own event loop: a hundred thousand tasks or transports of a library would need more memory and time than
the server.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import sys
import time
from collections import Counter
from typing import Any

TICK = 0.02
"""Seconds between two looks at whose turn it is."""
A_TICK = 10
"""Connections begun in one tick: 500 a second."""
PATIENCE = 20.0
"""Seconds in which connections that were begun must stand."""


class Crowd:
    """All viewers of one process. ``every``: seconds between two requests of one viewer."""

    def __init__(self, port: int, path: str, every: float, address: str) -> None:
        self._target, self._address = ("127.0.0.1", port), address
        self._request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept-encoding: gzip\r\n\r\n".encode()
        self._poll = select.epoll()
        self._poll.register(0, select.EPOLLIN)
        self._turns: list[list[int]] = [[] for _ in range(max(1, round(every / TICK)))]
        self._connecting: dict[int, socket.socket] = {}
        self._here: dict[int, socket.socket] = {}
        self._asked: dict[int, float] = {}
        self._heard: dict[int, bytes] = {}
        self._turned: set[int] = set()
        self._wanted, self._began = 0, 0.0
        self._growing, self._why = False, ""
        self.clear()

    def clear(self) -> None:
        """Resets the statistics. Requests under way are counted when their answers come."""
        self._statuses: Counter[int] = Counter()
        self._latencies: list[float] = []
        self._late = self._lost = 0

    def run(self) -> None:
        """Runs until standard input ends."""
        next_tick, turn = time.monotonic() + TICK, 0
        while True:
            for fd, event in self._poll.poll(max(0.0, next_tick - time.monotonic()), 1024):
                if fd == 0:
                    if not self._obey():
                        return
                elif fd in self._connecting:
                    self._arrive(fd, event)
                else:
                    self._hear(fd)
            while next_tick <= time.monotonic():
                for fd in self._turns[turn]:
                    self._ask(fd)
                turn, next_tick = (turn + 1) % len(self._turns), next_tick + TICK
                if self._growing:
                    self._grow()

    def _obey(self) -> bool:
        line = sys.stdin.readline()
        if not line:
            return False
        asked = json.loads(line)
        if "grow" in asked:
            self._wanted, self._growing, self._began, self._why = asked["grow"], True, time.monotonic(), ""
        elif "clear" in asked:
            self.clear()
            _say({})
        else:
            _say(self._told())
        return True

    def _told(self) -> dict[str, Any]:
        return {
            "here": len(self._here), "late": self._late, "lost": self._lost, "statuses": dict(self._statuses),
            "latencies": [round(seconds, 4) for seconds in self._latencies],
        }  # fmt: skip

    # -- connecting

    def _grow(self) -> None:
        for _ in range(A_TICK):
            if len(self._here) + len(self._connecting) >= self._wanted or self._why:
                break
            self._come()
        settled = not self._connecting or time.monotonic() > self._began + PATIENCE + self._wanted * TICK / A_TICK
        if settled and (len(self._here) >= self._wanted or self._why or self._connecting):
            self._growing = False
            missing = f"{len(self._connecting)} were not let in" if self._connecting else ""
            _say({"here": len(self._here), "why": self._why or missing})

    def _come(self) -> None:
        try:
            viewer = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            # The kernel chooses a port per connection (four numbers), not per address.
            viewer.setsockopt(socket.IPPROTO_IP, 24, 1)
            viewer.bind((self._address, 0))
            found = viewer.connect_ex(self._target)
        except OSError as error:
            self._why = f"{type(error).__name__}: {error}"
            return
        if found not in (0, errno.EINPROGRESS):
            self._why = os.strerror(found)
            return
        self._connecting[viewer.fileno()] = viewer
        self._poll.register(viewer.fileno(), select.EPOLLOUT)

    def _arrive(self, fd: int, event: int) -> None:
        viewer = self._connecting.pop(fd)
        if event & (select.EPOLLERR | select.EPOLLHUP):
            self._why = os.strerror(viewer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) or "hung up"
            self._poll.unregister(fd)
            viewer.close()
            return
        self._poll.modify(fd, select.EPOLLIN)
        self._here[fd] = viewer
        if fd not in self._turned:
            # Viewers did not all open the page at the same time: requests are spread evenly.
            self._turns[len(self._turned) * 617 % len(self._turns)].append(fd)
            self._turned.add(fd)

    # -- watching

    def _ask(self, fd: int) -> None:
        viewer = self._here.get(fd)
        if viewer is None:
            return
        if fd in self._asked:
            # Still waiting for the last answer.
            self._late += 1
            return
        try:
            viewer.send(self._request)
        except OSError:
            self._leave(fd)
            return
        self._asked[fd] = time.perf_counter()

    def _hear(self, fd: int) -> None:
        viewer = self._here.get(fd)
        if viewer is None:
            return
        try:
            data = viewer.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave(fd)
            return
        data = self._heard.pop(fd, b"") + data
        head, whole, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or b"0") if whole else 1
        if len(body) < length:
            self._heard[fd] = data
            return
        self._latencies.append(time.perf_counter() - self._asked.pop(fd, time.perf_counter()))
        self._statuses[int(head[9:12])] += 1

    def _leave(self, fd: int) -> None:
        """Counts a viewer that was disconnected; it does not reconnect."""
        self._poll.unregister(fd)
        self._here.pop(fd).close()
        self._asked.pop(fd, None)
        self._lost += 1


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    # There are no reference cycles here, and collecting among so many objects causes long pauses.
    import gc

    gc.disable()
    Crowd(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]).run()
