"""Reading the database as of one moment, for as long as it takes, while everybody else goes on.

Not ``transaction.atomic``, which is for writers: it takes the one lock they take turns at. Nothing can be written in
here. While it lasts the database keeps its past: SQLite's write-ahead log is not begun afresh (``purge``), PostgreSQL
removes no dead row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_BEGIN = {
    "sqlite": ("PRAGMA query_only = ON", "BEGIN DEFERRED"),
    # Who looks for a long time asks for nothing meanwhile: the server must not take it for dead.
    "postgresql": (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    ),
}
_END = {"sqlite": ("ROLLBACK", "PRAGMA query_only = OFF"), "postgresql": ("ROLLBACK",)}


@contextmanager
def snapshot() -> Iterator[None]:
    """What this thread asks of the database is answered as of the moment it began."""
    assert not connection.in_atomic_block  # noqa: S101 - a reader is in no writer's transaction
    try:
        with connection.cursor() as cursor:
            for statement in _BEGIN[connection.vendor]:
                cursor.execute(statement)
            # The moment is that of the first answer.
            cursor.execute("SELECT count(*) FROM letters_letter")
            cursor.fetchone()
        yield
    finally:
        _end()


def _end() -> None:
    session = connection.connection
    if session is None or (connection.vendor == "postgresql" and session.closed):
        return
    with connection.cursor() as cursor:
        for statement in _END[connection.vendor]:
            if statement != "ROLLBACK" or _is_begun(session):
                cursor.execute(statement)


def _is_begun(session: Any) -> bool:
    if connection.vendor == "postgresql":
        import psycopg

        return bool(session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE)
    return bool(session.in_transaction)
