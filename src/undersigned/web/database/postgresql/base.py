"""Django's PostgreSQL backend with the durability that a receipt promises.

- One writer at a time, as on SQLite: a transaction takes the writer's lock before it reads what its decision rests on.
- A server that could lose a commit is refused when connecting.
- After each COMMIT the connection waits for disk and standby, with a timeout (``commit``): for what it wrote, and for
  what it read, which may come from a transaction whose own wait timed out.
- A clerk that has been deposed cannot begin a transaction (``fence``).

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
    # COMMIT itself does not wait: the writer's lock would be held until the standby has answered.
    f"BEGIN READ WRITE; SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock({CLASS}, {WRITER})"
)
"""Begins a transaction under the writer's lock. After its COMMIT, and only then, ``Commits.wait``."""
_OWN_ANSWERS = 1
"""How many results BEGIN has itself: the lock's."""
# PostgreSQL sends the notification when the transaction commits. It wakes the clerk, which need not poll.
_BEGIN_AND_NOTIFY = f"{BEGIN}; NOTIFY {CHANNEL}"


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection."""

    guarded = True
    """Whether statements outside ``atomic`` can only read. Tests switch it off to prepare data."""
    _commits: Commits
    _questions: Sequence[Question] = ()
    _answers: Answers

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        """Connects. Raises UnsafeDatabaseError if this server could lose a commit."""
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
        """Connects unless connected. Reconnects after a server's failure, but never inside a transaction."""
        if self.connection is not None and self.connection.closed and not self.in_atomic_block:
            self.close()
        super().ensure_connection()

    @contextmanager
    def asking(self, questions: Sequence[Question]) -> Iterator[Answers]:
        """The next transaction sends these queries together with BEGIN, and puts the answers into the list yielded."""
        self._questions, self._answers = questions, []
        try:
            yield self._answers
        finally:
            self._questions = ()

    def _start_transaction_under_autocommit(self) -> None:
        """Called by ``atomic``. Raises OperationalError if the lock is not free in time, DeposedError."""
        is_fenced = fence.current_term() is not None
        # The term is read under the writer's lock: no other clerk can start a term before our commit.
        questions = [(fence.QUESTION, ()), *self._questions] if is_fenced else list(self._questions)
        statement = "; ".join([BEGIN if is_fenced else _BEGIN_AND_NOTIFY, *(text for text, _ in questions)])
        values = [value for _, given in questions for value in given]
        with self.wrap_database_errors:
            try:
                # One round trip. Each statement sees everything that was committed before it started, that is, after
                # the lock was granted.
                with self.connection.cursor() as cursor:
                    cursor.execute(statement, values or None)
                    answers = [found.fetchall() for found in cursor.results() if found.description][_OWN_ANSWERS:]
                if is_fenced:
                    fence.check_term(answers.pop(0)[0] if answers[0] else None)
            except BaseException:
                if not self.connection.closed:
                    self.connection.rollback()
                raise
        if self._questions:
            self._answers += answers
            # They are for this transaction only.
            self._questions = ()

    def _commit(self) -> None:
        """Commits, then waits for durability. Raises UnsureCommitError and closes the connection if that fails."""
        super()._commit()  # type: ignore[misc]
        with self.wrap_database_errors:
            self._commits.wait()
