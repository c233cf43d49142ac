"""Django's PostgreSQL backend, held to what a receipt promises.

- One writer at a time, as on SQLite: a transaction takes the site's lock before it reads what it decides by.
- A server that could lose a commit is refused when it is connected to.
- A COMMIT that PostgreSQL answers with a warning is not a commit to rely on: ``UnsureCommitError``.
- A clerk that another has followed can begin no transaction (``fence``).

Every transaction here is begun by ``transaction.atomic``; single statements commit by themselves, as Django has them.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg.errors import Diagnostic

from undersigned.web.postgresql import fence
from undersigned.web.postgresql.locks import CHANNEL, CLASS, WRITER
from undersigned.web.postgresql.server import check_server

_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({CLASS}, {WRITER})"
# Told when the transaction commits, and only then: whoever waits for work need not ask.
_BEGIN_ALOUD = f"{_BEGIN}; NOTIFY {CHANNEL}"


class UnsureCommitError(OperationalError):
    """The transaction is on the primary's disk, but its wait for the standby was cut short: it may yet be lost."""


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    _warned = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """Connects. Raises UnsafeDatabaseError if this server may lose what it has committed."""
        connection: psycopg.Connection[Any] = super().get_new_connection({**conn_params, "autocommit": True})
        try:
            check_server(connection)
        except BaseException:
            connection.close()
            raise
        connection.add_notice_handler(self._notice)
        return connection

    def _notice(self, diagnostic: Diagnostic) -> None:
        # The text is in the server's language, so it is the severity that counts.
        self._warned = self._warned or diagnostic.severity_nonlocalized == "WARNING"

    def ensure_connection(self) -> None:
        """Connects unless connected, and again if the server has gone: between two transactions nothing is lost."""
        if self.connection is not None and self.connection.closed and not self.in_atomic_block:
            self.close()
        super().ensure_connection()

    def _start_transaction_under_autocommit(self) -> None:
        """What ``atomic`` calls. Raises OperationalError if others hold the lock too long, DeposedError."""
        term = fence.term()
        with self.wrap_database_errors:
            try:
                with self.connection.cursor() as cursor:
                    cursor.execute(_BEGIN_ALOUD if term is None else _BEGIN)
                    if term is not None:
                        # Under the lock: nobody can become the clerk between this look and our commit.
                        fence.check(cursor.execute(fence.QUESTION).fetchone())
            except BaseException:
                if not self.connection.closed:
                    self.connection.rollback()
                raise

    def _commit(self) -> None:
        """Raises UnsureCommitError, and ends the connection, if the server did not keep all it was to keep."""
        self._warned = False
        super()._commit()  # type: ignore[misc]
        if self._warned:
            if self.connection is not None:
                self.connection.close()
            raise UnsureCommitError("the database took a transaction without the standby's answer")
