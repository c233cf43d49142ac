"""Django's PostgreSQL backend, held to what a receipt promises.

- One writer at a time, as on SQLite: a transaction takes the site's lock before it reads what it decides by.
- A server that could lose a commit is refused when it is connected to.
- After each COMMIT disk and standby are waited for, not without end (``commit``): for what it wrote, and for what it
  saw, which may be of somebody whose own wait was cut short.
- A clerk that another has followed can begin no transaction (``fence``).

Every change is made inside ``transaction.atomic``: a statement outside it can only read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from undersigned.web.database.postgresql import fence
from undersigned.web.database.postgresql.begin import Answers, Question
from undersigned.web.database.postgresql.commit import Commits
from undersigned.web.database.postgresql.locks import CHANNEL, CLASS, WRITER
from undersigned.web.database.postgresql.server import check_server

BEGIN = (
    # COMMIT is not what is waited for: the lock would be held until the standby has answered.
    f"BEGIN READ WRITE; SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock({CLASS}, {WRITER})"
)
"""Begins a transaction under the writer's lock. After its COMMIT, and only then, ``Commits.wait``."""
_OWN_ANSWERS = 1
"""The lock's."""
# Told when the transaction commits, and only then: whoever waits for work need not ask.
_BEGIN_ALOUD = f"{BEGIN}; NOTIFY {CHANNEL}"


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    guarded = True
    """Whether statements outside ``atomic`` can only read. Tests prepare what they test with such statements."""
    _commits: Commits
    _questions: Sequence[Question] = ()
    _answers: Answers

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """Connects. Raises UnsafeDatabaseError if this server may lose what it has committed."""
        connection: psycopg.Connection[Any] = super().get_new_connection({**conn_params, "autocommit": True})
        try:
            check_server(connection)
            if self.guarded and self.alias != NO_DB_ALIAS:
                connection.execute("SET default_transaction_read_only = on")
        except BaseException:
            connection.close()
            raise
        self._commits = Commits(connection)
        return connection

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
        statement = "; ".join([BEGIN if fenced else _BEGIN_ALOUD, *(text for text, _ in questions)])
        values = [value for _, given in questions for value in given]
        with self.wrap_database_errors:
            try:
                # One message: each statement in it sees what was committed before that statement began.
                with self.connection.cursor() as cursor:
                    cursor.execute(statement, values or None)
                    answers = [found.fetchall() for found in cursor.results() if found.description][_OWN_ANSWERS:]
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
        super()._commit()  # type: ignore[misc]
        with self.wrap_database_errors:
            self._commits.wait()
