"""Being the clerk on PostgreSQL: a lock held by a session, a term, and word of what was committed.

The lock says who is the clerk now; it goes when its session goes. The session speaks every few seconds, and a server
that hears nothing of it for ``SILENCE`` ends it: so a clerk whose process or machine was stopped is followed by
another. What the stopped one does when it goes on is refused by its term (``postgresql.fence``).
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
"""Seconds between two attempts to become the clerk."""
BEAT: Final = 2.0
"""Seconds between two words of the session."""
SILENCE: Final = 15_000
"""Milliseconds without a word after which the server gives the lock to another."""


_TAKE: Final = (
    "INSERT INTO operations_term (id, term, holder) VALUES (1, 1, %s) "
    "ON CONFLICT (id) DO UPDATE SET term = operations_term.term + 1, holder = excluded.holder RETURNING term"
)


class LeaseLostError(Exception):
    """This process may not be the clerk any more."""


class Lease:
    """``take``, then ``version`` and ``lost`` while it lasts, then ``end``."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self._over = threading.Event()
        self._heard = 0
        self._alone: bool | None = None
        self._session: psycopg.Connection[Any] | None = None
        self._thread: threading.Thread | None = None

    def take(self, stop: threading.Event) -> bool:
        """Waits until this process is the clerk; False if told to stop before."""
        while not stop.is_set():
            try:
                if self._try():
                    return True
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("the database cannot be asked who is the clerk: %s", where(error))
                self.end()
            stop.wait(RETRY)
        self.end()
        return False

    def _try(self) -> bool:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(**connection.get_connection_params() | {"autocommit": True})
            self._session.execute(f"SET idle_session_timeout = {SILENCE}")
        row = self._session.execute("SELECT pg_try_advisory_lock(%s, %s)", [CLASS, CLERK]).fetchone()
        if not (row and row[0]):
            return False
        holder = secrets.token_hex(16)
        commits = Commits(self._session)
        # Under the writer's lock: an earlier clerk has committed what it may, and will commit nothing more.
        self._session.execute(BEGIN)
        term = self._session.execute(_TAKE, [holder]).fetchone()
        self._session.execute("COMMIT")
        commits.wait()
        # True now: the term is wherever the entries are, so a promoted standby knows whose turn it is.
        fence.begin(holder)
        logger.info("this process is the clerk, term %d", term[0] if term else 0)
        self._session.execute(f"LISTEN {CHANNEL}")
        self.lost.clear()
        self._over.clear()
        self._thread = threading.Thread(target=self._live, args=(self._session,), name="lease", daemon=True)
        self._thread.start()
        return True

    def _live(self, session: psycopg.Connection[Any]) -> None:
        try:
            while not self._over.is_set():
                for _ in session.notifies(timeout=BEAT):
                    self._heard += 1
                self._note_standby(session)
        except psycopg.Error as error:
            logger.warning("the clerk's session is gone: %s", where(error))
            self.lost.set()

    def _note_standby(self, session: psycopg.Connection[Any]) -> None:
        """The session's word to the server; and an operator's to read, when standbys come to be waited for or not."""
        row = session.execute("SHOW synchronous_standby_names").fetchone()
        alone = not (row and row[0])
        if alone != self._alone:
            self._alone = alone
            if alone:
                logger.warning("no standby is waited for: what is acknowledged is on one machine's disk only")
            else:
                logger.info("commits wait for a standby")

    def version(self) -> int:
        """A number that changes when another process has committed something. Asks nobody. Raises LeaseLostError."""
        if self.lost.is_set():
            raise LeaseLostError("the session that held the lease is gone")
        return self._heard

    def end(self) -> None:
        """Lets go of the lock. The term stays this process's until another takes it."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * BEAT)
        if self._session is not None:
            self._session.close()
        self._session = self._thread = None
