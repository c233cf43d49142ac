"""The locks all processes of a site share through the database, whichever machine they run on.

Advisory locks of one class; a number each. They belong to one database, so two sites need two databases.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from undersigned.web.problems import busy

CLASS: Final = 0x756E6473
WRITER: Final = 1
"""Held by each transaction of ``atomic``, to its end."""
CLERK: Final = 2
"""Held by the clerk's own session for as long as it is the clerk."""
PLACING: Final = 3
"""Held while editions and bundles are put into place."""
SCHEMA: Final = 4
"""Held while migrations run."""
CHANNEL: Final = "undersigned"
"""Where a commit is told of."""
_PAUSE: Final = 0.05


@contextmanager
def holding(number: int, patience: float = 120) -> Iterator[None]:
    """Holds a lock on this thread's connection. Raises Problem ``busy`` after ``patience`` seconds of waiting."""
    for _ in range(int(patience / _PAUSE)):
        if _ask("pg_try_advisory_lock", number):
            break
        time.sleep(_PAUSE)
    else:
        raise busy("Another process of this site is at the same work. Nothing was changed; try again later.")
    with _held(number):
        yield


@contextmanager
def trying(number: int) -> Iterator[bool]:
    """Holds a lock on this thread's connection if nobody else does; gives whether it does."""
    if not _ask("pg_try_advisory_lock", number):
        yield False
        return
    with _held(number):
        yield True


@contextmanager
def _held(number: int) -> Iterator[None]:
    try:
        yield
    finally:
        # A connection that broke meanwhile has let go of the lock by itself.
        if connection.connection is not None and not connection.connection.closed:
            _ask("pg_advisory_unlock", number)


def _ask(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [CLASS, number])
        return bool(cursor.fetchone()[0])
