"""Read-only snapshot of the database: consistent for as long as it is open, without blocking writers.

Not ``transaction.atomic``, which is for writers and takes the writer's lock. While a snapshot is open the database
cannot purge: SQLite's WAL cannot be truncated, and PostgreSQL keeps dead rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_BEGIN = {
    "sqlite": ("PRAGMA query_only = ON", "BEGIN DEFERRED"),
    # A reader may compute for a long time between two queries: the server must not end its session as idle.
    "postgresql": (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    ),
}
_END = {"sqlite": ("ROLLBACK", "PRAGMA query_only = OFF"), "postgresql": ("ROLLBACK",)}


@contextmanager
def snapshot() -> Iterator[None]:
    """Answers all queries of this thread as of the moment at which it was opened."""
    assert not connection.in_atomic_block  # noqa: S101 - a reader is not inside a writer's transaction
    try:
        with connection.cursor() as cursor:
            for statement in _BEGIN[connection.vendor]:
                cursor.execute(statement)
            # BEGIN takes no snapshot yet: the first query does.
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
