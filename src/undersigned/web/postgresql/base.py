"""Django's PostgreSQL backend, held to what a receipt promises.

- One writer at a time, as on SQLite: a transaction takes the site's lock before it reads what it decides by.
- A server that could lose a commit is refused when it is connected to.
- A COMMIT that PostgreSQL answers with a warning is not a commit to rely on: ``UnsureCommitError``.
- A clerk that another has followed can begin no transaction (``fence``).

Every transaction here is begun by ``transaction.atomic``; single statements commit by themselves, as Django has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg.errors import Diagnostic

from undersigned.web.postgresql import fence
from undersigned.web.postgresql.begin import Answers, Question
from undersigned.web.postgresql.locks import CHANNEL, CLASS, WRITER
from undersigned.web.postgresql.server import check_server

_LOCK_ANSWERS = 1
"""The lock's own SELECT answers too, with a row of nothing."""
_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({CLASS}, {WRITER})"
# Told when the transaction commits, and only then: whoever waits for work need not ask.
_BEGIN_ALOUD = f"{_BEGIN}; NOTIFY {CHANNEL}"


class UnsureCommitError(OperationalError):
    """The transaction is on the primary's disk, but its wait for the standby was cut short: it may yet be lost."""


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    _warned = False
    _questions: Sequence[Question] = ()
    _answers: Answers

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

    @contextmanager
    def asking(self, questions: Sequence[Question]) -> Iterator[Answers]:
        """The transaction begun inside asks these as it begins; its answers are in what is given (``begin``)."""
        self._questions, self._answers = questions, []
        try:
            yield self._answers
        finally:
            self._questions = ()

    def _start_transaction_under_autocommit(self) -> None:
        """What ``atomic`` calls. Raises OperationalError if others hold the lock too long, DeposedError."""
        fenced = fence.term() is not None
        # Under the lock: nobody can become the clerk between this look and our commit.
        questions = [(fence.QUESTION, ()), *self._questions] if fenced else list(self._questions)
        statement = "; ".join([_BEGIN if fenced else _BEGIN_ALOUD, *(text for text, _ in questions)])
        values = [value for _, given in questions for value in given]
        with self.wrap_database_errors:
            try:
                # One message: each statement in it sees what was committed before that statement began.
                with self.connection.cursor() as cursor:
                    cursor.execute(statement, values or None)
                    answers = [found.fetchall() for found in cursor.results() if found.description][_LOCK_ANSWERS:]
                if fenced:
                    fence.check(answers.pop(0)[0] if answers[0] else None)
            except BaseException:
                if not self.connection.closed:
                    self.connection.rollback()
                raise
        if self._questions:
            self._answers += answers
            # A transaction after this one asks for itself.
            self._questions = ()

    def _commit(self) -> None:
        """Raises UnsureCommitError, and ends the connection, if the server did not keep all it was to keep."""
        self._warned = False
        super()._commit()  # type: ignore[misc]
        if self._warned:
            if self.connection is not None:
                self.connection.close()
            raise UnsureCommitError("the database took a transaction without the standby's answer")
