"""Sends a transaction's first queries together with BEGIN, in one round trip.

There is one writer at a time, so every round trip under its lock adds to the latency of all others. Queries that a
transaction always makes therefore travel with BEGIN and the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

Question = tuple[str, Sequence[str | int]]
"""A SELECT and its values."""
Answers = list[list[tuple[Any, ...]]]
"""The rows of each question, in order."""


@contextmanager
def beginning_with(questions: Sequence[Question]) -> Iterator[Callable[[], Answers]]:
    """``atomic`` that yields a function for the answers, as of under the writer's lock.

    On PostgreSQL the answers came with the lock and see everything committed before it was granted. On SQLite, which
    needs no round trip, the queries run when the function is called. Raises what ``atomic`` raises.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic():
            yield lambda: [ask(question) for question in questions]
        return
    connection.ensure_connection()
    with connection.asking(questions) as answers, transaction.atomic():  # type: ignore[attr-defined]
        yield lambda: answers


def wait_for_durability() -> None:
    """Returns once everything that could be read before the call is durable.

    On PostgreSQL a row is visible even if the wait for the standby timed out: then it is only on the primary. A commit
    of our own waits for everything before it in the WAL. Raises UnsureCommitError.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            pass


def ask(question: Question) -> list[tuple[Any, ...]]:
    """Runs a query and returns its rows."""
    with connection.cursor() as cursor:
        cursor.execute(question[0], list(question[1]))
        return list(cursor.fetchall())
