"""Holds the gate of a site: lets system calls through, counts them, and turns one of them into a fault."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from . import gate
from .gate import Call

FAULTS = {"killed": ("R2", 0), "EIO": ("R3", errno.EIO), "ENOSPC": ("R3", errno.ENOSPC)}
"""The line of the bar, and the number of the error; 0: the process dies at the call."""


def below(pid: int) -> set[int]:
    """A process and all its descendants that live."""
    found: set[int] = set()
    try:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return found
        found.add(pid)
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= below(int(child))
    except OSError:
        # It ended while it was looked at.
        return found
    return found


class Saboteur:
    """At the gate of every process started by ``command``. Only calls that change something below ``root`` count.

    ``seen``: those since it was armed, in order; ``hit``: the one that became a fault.
    """

    def __init__(self, root: Path) -> None:
        self.root = f"{root.resolve()}/"
        self.seen: list[Call] = []
        self.hit: Call | None = None
        self._fault, self._when, self._lasting = 0, 0, False
        self._at: Callable[[Call], bool] = lambda _: True
        self._counting, self._found = False, 0
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="gate")
        self._socket = socket.socket(socket.AF_UNIX)
        self.where = f"{self._folder.name}/s"
        self._socket.bind(self.where)
        self._socket.listen()
        self._stop, stop = os.pipe()
        self._stopper = stop
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def command(self, words: Sequence[str]) -> list[str]:
        """``words``, behind the gate. Needs ``tests`` on PYTHONPATH."""
        return [sys.executable, "-m", "durability.gate", self.where, "files", *words]

    def arm(self, fault: str, when: int, at: Callable[[Call], bool] = lambda _: True, *, lasting: bool = False) -> None:
        """From now on calls are counted; the one that is number ``when`` of those that ``at`` holds of, from 1, becomes
        ``fault``, and every one after it too if it is ``lasting``. 0: none does."""
        with self._lock:
            self.seen, self.hit, self._found = [], None, 0
            self._fault, self._when, self._lasting = FAULTS[fault][1], when, lasting
            self._at, self._counting = at, True

    def disarm(self) -> bool:
        """Nothing more is counted; returns whether the fault happened."""
        with self._lock:
            self._counting = False
            return self.hit is not None

    def at_rest(self) -> bool:
        """Waits until nothing below ``root`` has been changed for a quarter of a second; at most five seconds."""
        seen = -1
        for _ in range(20):
            if seen == len(self.seen):
                return True
            seen = len(self.seen)
            self._thread.join(timeout=0.25)
        return False

    def count(self) -> Counter[str]:
        """How many calls of each kind were seen."""
        return Counter(call.kind for call in self.seen)

    def close(self) -> None:
        """Ends; a process that still waits at a gate gets ENOSYS."""
        os.close(self._stopper)
        self._thread.join(timeout=10)
        self._socket.close()
        self._folder.cleanup()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        gates: set[int] = set()
        while True:
            for number, what in poll.poll():
                if number == self._stop:
                    for found in (*gates, self._stop):
                        os.close(found)
                    return
                if number == self._socket.fileno():
                    gates.add(made := gate.welcome(self._socket))
                    poll.register(made, select.POLLIN)
                elif what & select.POLLIN:
                    self._one(number)
                else:
                    # Every process behind it has ended.
                    poll.unregister(number)
                    gates.remove(number)
                    os.close(number)

    def _one(self, number: int) -> None:
        call = gate.receive(number)
        if call is None:
            return
        if not (f"{call.path}/".startswith(self.root) and self._is_it(call)):
            gate.answer(number, call)
        elif self._fault:
            gate.answer(number, call, self._fault)
        else:
            # Dead before the call is made: it is never answered.
            with contextlib.suppress(ProcessLookupError):
                os.kill(call.pid, signal.SIGKILL)

    def _is_it(self, call: Call) -> bool:
        with self._lock:
            if not self._counting:
                return False
            self.seen.append(call)
            if not self._at(call):
                return False
            self._found += 1
            if self._when == 0 or self._found < self._when or (self._found > self._when and not self._lasting):
                return False
            self.hit = self.hit or call
            return True
