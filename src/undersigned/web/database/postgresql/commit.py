"""What a COMMIT is worth: disk and standby are waited for after it, and not without end.

A transaction is committed in two steps. COMMIT itself waits for nothing: what was written can be read by others, the
writer's lock is free, and it may yet be lost. Then an empty message is committed that does wait, for this server's disk
and for the standby: the write-ahead log has one order, so all that stands before the message is there, too. Only then
is anybody told.

PostgreSQL waits for a synchronous standby as long as it takes; if that is gone, for ever. Here the wait is cut short
after ``PATIENCE``. The server then answers with a warning, and nobody is told that anything was kept. Asked again, the
answer rests on a message that did find its standby.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import OperationalError
from psycopg.errors import Diagnostic

logger = logging.getLogger(__name__)
PATIENCE: Final = 8.0
"""Seconds a standby is waited for: longer than one that is started anew takes to be back, shorter than people wait."""
_MESSAGE: Final = "SELECT pg_logical_emit_message(true, 'undersigned', '')"
_AT_CANCELLING: Final = 3.0
"""Seconds for the request to cut a wait short, which takes a connection of its own."""


class UnsureCommitError(OperationalError):
    """The transaction is committed on the primary, but the wait for the standby was cut short: it may yet be lost."""


@dataclass(eq=False)
class _Waiting:
    connection: psycopg.Connection[Any]
    until: float
    cut: threading.Event = field(default_factory=threading.Event)
    """Set once the request has gone out: it may arrive at any time from then on."""
    cutting: bool = False


class Watch:
    """Cuts short what takes too long. One thread a process, begun when it is first needed."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._change = threading.Condition()
        self._all: set[_Waiting] = set()
        self._idle = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, connection: psycopg.Connection[Any]) -> Iterator[_Waiting]:
        """What is done inside is cancelled on the server if it takes longer than ``patience``."""
        waiting = _Waiting(connection, time.monotonic() + self._patience)
        with self._change:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="commit watch", daemon=True)
                self._thread.start()
            self._all.add(waiting)
            if self._idle:
                self._change.notify()
        try:
            yield waiting
        finally:
            with self._change:
                self._all.discard(waiting)
            if waiting.cutting:
                # A request on its way would hit whatever the connection does next.
                waiting.cut.wait(2 * _AT_CANCELLING)

    def _run(self) -> None:
        while True:
            with self._change:
                if not self._all:
                    self._idle = True
                    self._change.wait()
                    self._idle = False
                late = self._late()
                if not late:
                    self._change.wait(self._next())
            for waiting in late:
                _cut(waiting)

    def _late(self) -> list[_Waiting]:
        now = time.monotonic()
        late = [waiting for waiting in self._all if waiting.until <= now]
        for waiting in late:
            waiting.cutting = True
            self._all.discard(waiting)
        return late

    def _next(self) -> float:
        """Seconds to the next look. Whoever comes meanwhile is due later, so nobody wakes this thread for it."""
        return max(0.01, min((waiting.until for waiting in self._all), default=0.01) - time.monotonic())


def _cut(waiting: _Waiting) -> None:
    try:
        waiting.connection.cancel_safe(timeout=_AT_CANCELLING)
    except psycopg.Error as error:
        # The server is out of reach: then the connection ends by itself (tcp_user_timeout).
        logger.warning("a wait for the standby could not be cut short: %s", type(error).__name__)
    finally:
        waiting.cut.set()


WATCH: Final = Watch()


class Commits:
    """One connection's commits."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._warned = False
        connection.add_notice_handler(self._notice)

    def _notice(self, diagnostic: Diagnostic) -> None:
        # The text is in the server's language, so it is the severity that counts.
        self._warned = self._warned or diagnostic.severity_nonlocalized == "WARNING"

    def wait(self) -> None:
        """Returns once all that was committed before, by this session or another, is where it must be.

        Raises UnsureCommitError if the server did not keep all it was to keep, psycopg.Error if it is gone. Then, and
        whenever the wait was cut short, the connection is ended.
        """
        self._warned = False
        waiting = None
        try:
            with WATCH.over(self._connection) as waiting:
                self._connection.execute(_MESSAGE)
        finally:
            if self._warned or (waiting is not None and waiting.cutting):
                self._connection.close()
        if self._warned:
            raise UnsureCommitError("the database took a transaction without the standby's answer")
