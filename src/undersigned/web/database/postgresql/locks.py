"""Advisory locks that a site's processes share through PostgreSQL, whichever machine they run on.

They have one class and a number each. They belong to one database, so two sites need two databases.
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
"""The lease: held by the leader's own session."""
PUBLICATION: Final = 3
"""Held while editions and bundles are written."""
SCHEMA: Final = 4
"""Held while migrations run."""
CHANNEL: Final = "undersigned"
"""Channel of the notifications of commits."""
_PAUSE: Final = 0.05


@contextmanager
def hold_lock(number: int, timeout: float = 120) -> Iterator[None]:
    """Waits for a lock and holds it on this thread's connection. Raises Problem ``busy`` after ``timeout`` seconds."""
    for _ in range(int(timeout / _PAUSE)):
        if _ask("pg_try_advisory_lock", number):
            break
        time.sleep(_PAUSE)
    else:
        raise busy("Another process of this site is doing the same. Nothing was changed; try again later.")
    with _unlock_after(number):
        yield


@contextmanager
def try_lock(number: int) -> Iterator[bool]:
    """Holds a lock on this thread's connection if it is free; yields whether it does."""
    if not _ask("pg_try_advisory_lock", number):
        yield False
        return
    with _unlock_after(number):
        yield True


@contextmanager
def _unlock_after(number: int) -> Iterator[None]:
    try:
        yield
    finally:
        # If the connection broke meanwhile, the server has released the lock.
        if connection.connection is not None and not connection.connection.closed:
            _ask("pg_advisory_unlock", number)


def _ask(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [CLASS, number])
        return bool(cursor.fetchone()[0])
