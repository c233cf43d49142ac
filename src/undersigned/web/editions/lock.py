"""Locks between the site's processes. Taken in this order: round, then publish.

On one machine a file is the lock; on PostgreSQL, where there may be several, the database holds another.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Final

from django.conf import settings
from django.db import connection

from undersigned.web.postgresql import locks

_PAUSE: Final = 0.05


@contextmanager
def rounding() -> Iterator[None]:
    """One round of the clerk, or a backup's look between two of them: then files and tables belong together."""
    with _holding("round.lock"):
        yield


@contextmanager
def publishing() -> Iterator[None]:
    """One process at a time places editions and bundles: the clerk, or the web worker that publishes."""
    with _holding("publish.lock"), locks.holding(locks.PLACING) if _on_postgresql() else nullcontext():
        yield


@contextmanager
def publishing_unless_busy(patience: float = 0) -> Iterator[bool]:
    """The same for those who do not wait for a publication, which may take minutes: gives whether nobody else is at it.

    ``patience``: seconds, for what others do in a moment.
    """
    deadline = time.monotonic() + patience
    while True:
        with ExitStack() as held:
            free = _taken(held)
            if free or time.monotonic() >= deadline:
                yield free
                return
        time.sleep(_PAUSE)


def _taken(held: ExitStack) -> bool:
    try:
        held.enter_context(_holding("publish.lock", fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return not _on_postgresql() or held.enter_context(locks.trying(locks.PLACING))


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def _holding(name: str, how: int = 0) -> Iterator[None]:
    descriptor = os.open(settings.DATA.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)
