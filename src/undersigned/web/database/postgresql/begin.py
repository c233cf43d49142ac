"""A transaction that knows from its first moment what it will ask.

Between two machines each statement costs the way there and back, and one writer works at a time: what the lock is held
for is what everybody waits for. So what is asked anyway goes along with BEGIN and the lock.
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
    """``atomic``, and a function that gives the answers as they are under the writer's lock.

    On PostgreSQL they came with the lock, and see all that was committed before it was given. On SQLite, which is no
    way off, they are asked when the function is called. Raises what ``atomic`` raises.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic():
            yield lambda: [ask(question) for question in questions]
        return
    connection.ensure_connection()
    with connection.asking(questions) as answers, transaction.atomic():  # type: ignore[attr-defined]
        yield lambda: answers


def wait_for_all_before() -> None:
    """Returns once everything that could be read before the call is where nothing takes it away.

    On PostgreSQL a row can be read although the wait of whoever committed it was cut short: then it is on the primary
    only. After a commit everything before it is waited for. Raises UnsureCommitError.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            pass


def ask(question: Question) -> list[tuple[Any, ...]]:
    """Its rows, now."""
    with connection.cursor() as cursor:
        cursor.execute(question[0], list(question[1]))
        return list(cursor.fetchall())
