"""Durable commits on PostgreSQL: waits for disk and synchronous standby after COMMIT, with a timeout.

A transaction is committed in two steps. COMMIT itself is asynchronous: other sessions see the changes, the writer's
lock is free, and the changes could still be lost. Then an empty WAL message is committed synchronously, which waits for
this server's disk and for the standby. The WAL is sequential, so everything before the message is durable then too.
Only after that is the client answered.

PostgreSQL itself waits for a synchronous standby without a timeout. Here the wait is cancelled after ``TIMEOUT``; the
server then sends a warning, and the client is told that the outcome is unknown. When it retries, the answer rests on a
message that did reach the standby.
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
TIMEOUT: Final = 8.0
"""Seconds to wait for a standby: longer than a restart of it takes, shorter than people wait for a page."""
_MESSAGE: Final = "SELECT pg_logical_emit_message(true, 'undersigned', '')"
_CANCEL_TIMEOUT: Final = 3.0
"""Seconds for the cancel request, which needs a connection of its own."""


class UnsureCommitError(OperationalError):
    """The transaction is committed on the primary, but the wait for the standby was cancelled: it may be lost."""


@dataclass(eq=False)
class _Waiting:
    connection: psycopg.Connection[Any]
    until: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set once the cancel request has been sent: it may take effect at any time after that."""
    cancelling: bool = False


class Watch:
    """Watchdog thread that cancels statements after a timeout. One per process, started when it is first needed."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._change = threading.Condition()
        self._all: set[_Waiting] = set()
        self._idle = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, connection: psycopg.Connection[Any]) -> Iterator[_Waiting]:
        """Cancels the statement inside, on the server, if it takes longer than the timeout."""
        waiting = _Waiting(connection, time.monotonic() + self._timeout)
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
            if waiting.cancelling:
                # A cancel request still in flight would hit the connection's next statement.
                waiting.cancelled.wait(2 * _CANCEL_TIMEOUT)

    def _run(self) -> None:
        while True:
            with self._change:
                if not self._all:
                    self._idle = True
                    self._change.wait()
                    self._idle = False
                late = self._take_late()
                if not late:
                    self._change.wait(self._next_timeout())
            for waiting in late:
                _cancel(waiting)

    def _take_late(self) -> list[_Waiting]:
        now = time.monotonic()
        late = [waiting for waiting in self._all if waiting.until <= now]
        for waiting in late:
            waiting.cancelling = True
            self._all.discard(waiting)
        return late

    def _next_timeout(self) -> float:
        """Seconds until the next deadline. A wait that starts meanwhile has a later one, so it need not wake us."""
        return max(0.01, min((waiting.until for waiting in self._all), default=0.01) - time.monotonic())


def _cancel(waiting: _Waiting) -> None:
    try:
        waiting.connection.cancel_safe(timeout=_CANCEL_TIMEOUT)
    except psycopg.Error as error:
        # The server is unreachable: then the connection ends by itself (tcp_user_timeout).
        logger.warning("a wait for the standby could not be cancelled: %s", type(error).__name__)
    finally:
        waiting.cancelled.set()


WATCH: Final = Watch()


class Commits:
    """Waits for the durability of one connection's commits."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._warned = False
        connection.add_notice_handler(self._notice)

    def _notice(self, diagnostic: Diagnostic) -> None:
        # The text is in the server's language, so only the severity is checked.
        self._warned = self._warned or diagnostic.severity_nonlocalized == "WARNING"

    def wait(self) -> None:
        """Returns once everything that was committed before, by any session, is durable.

        Raises UnsureCommitError if the standby did not confirm, psycopg.Error if the server is unreachable. Then, and
        whenever a cancel request was sent, the connection is closed.
        """
        self._warned = False
        waiting = None
        try:
            with WATCH.limit(self._connection) as waiting:
                self._connection.execute(_MESSAGE)
        finally:
            if self._warned or (waiting is not None and waiting.cancelling):
                self._connection.close()
        if self._warned:
            raise UnsureCommitError("the database committed a transaction without the standby's confirmation")
