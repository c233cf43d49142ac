"""Leader election on PostgreSQL: a lease makes one process of several the clerk.

The leader holds a session-level advisory lock, which ends with its session. The session sends a heartbeat every few
seconds, and the server ends a session that has been silent for ``SESSION_TIMEOUT``: so when a leader's process or
machine stops, another takes over. If the stopped one wakes up again, its writes are refused by their fencing token, the
*term* (``postgresql.fence``). The same session receives notifications of commits.
"""

from __future__ import annotations

import logging
import secrets
import threading
from typing import Any, Final

import psycopg
from django.db import DatabaseError, connection

from undersigned.web.database.postgresql import fence
from undersigned.web.database.postgresql.base import BEGIN
from undersigned.web.database.postgresql.commit import Commits
from undersigned.web.database.postgresql.locks import CHANNEL, CLASS, CLERK
from undersigned.web.failures import where

logger = logging.getLogger(__name__)
RETRY: Final = 1.0
"""Seconds between two attempts to take the lease."""
HEARTBEAT: Final = 2.0
"""Seconds between two heartbeats of the session."""
SESSION_TIMEOUT: Final = 15_000
"""Milliseconds of silence after which the server ends the session and so releases the lock."""


_TAKE: Final = (
    "INSERT INTO operations_term (id, term, holder) VALUES (1, 1, %s) "
    "ON CONFLICT (id) DO UPDATE SET term = operations_term.term + 1, holder = excluded.holder RETURNING term"
)


class LeaseLostError(Exception):
    """This process may no longer be the leader."""


class Lease:
    """The clerk's lease: call ``take``, then ``version`` while it lasts, then ``end``."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self._ended = threading.Event()
        self._notifications = 0
        self._has_standby: bool | None = None
        self._session: psycopg.Connection[Any] | None = None
        self._thread: threading.Thread | None = None

    def take(self, stop: threading.Event) -> bool:
        """Waits until this process is the leader; False if ``stop`` is set before."""
        while not stop.is_set():
            try:
                if self._try_to_take():
                    return True
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("the lease cannot be taken: the database does not answer: %s", where(error))
                self.end()
            stop.wait(RETRY)
        self.end()
        return False

    def _try_to_take(self) -> bool:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(**connection.get_connection_params() | {"autocommit": True})
            self._session.execute(f"SET idle_session_timeout = {SESSION_TIMEOUT}")
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", [CLASS, CLERK]).fetchone()
        if not (row and row[0]):
            return False
        holder = secrets.token_hex(16)
        commits = Commits(self._session)
        # Under the writer's lock: an earlier leader has either committed by now, or will find its token out of date.
        self._session.execute(BEGIN)
        term = self._session.execute(_TAKE, [holder]).fetchone()
        self._session.execute("COMMIT")
        commits.wait()
        # True now: the term is replicated like the entries, so a promoted standby knows the leader too.
        fence.start_term(holder)
        logger.info("this process is the clerk, term %d", term[0] if term else 0)
        self._session.execute(f"LISTEN {CHANNEL}")
        self.lost.clear()
        self._ended.clear()
        self._thread = threading.Thread(target=self._keep_alive, args=(self._session,), name="lease", daemon=True)
        self._thread.start()
        return True

    def _keep_alive(self, session: psycopg.Connection[Any]) -> None:
        try:
            while not self._ended.is_set():
                for _ in session.notifies(timeout=HEARTBEAT):
                    self._notifications += 1
                self._check_standby(session)
        except psycopg.Error as error:
            logger.warning("the session that holds the clerk's lease has ended: %s", where(error))
            self.lost.set()

    def _check_standby(self, session: psycopg.Connection[Any]) -> None:
        """The heartbeat. Its query tells whether commits wait for a standby, and a change of that is logged."""
        row = session.execute("SHOW synchronous_standby_names").fetchone()
        has_standby = bool(row and row[0])
        if has_standby != self._has_standby:
            self._has_standby = has_standby
            if has_standby:
                logger.info("commits wait for a standby")
            else:
                logger.warning("commits do not wait for a standby: what is acknowledged is on one machine's disk only")

    def version(self) -> int:
        """A counter that changes when another process has committed. No round trip. Raises LeaseLostError."""
        if self.lost.is_set():
            raise LeaseLostError("the session that held the lease has ended")
        return self._notifications

    def end(self) -> None:
        """Releases the lock. The term remains this process's until another process takes the lease."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * HEARTBEAT)
        if self._session is not None:
            self._session.close()
        self._session = self._thread = None
