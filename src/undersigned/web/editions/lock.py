"""Locks between the site's processes. Taken in this order: round, then publish.

On one machine a file is the lock; on PostgreSQL, where there may be several, the database holds another.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.db import connection

from undersigned.web.postgresql import locks


@contextmanager
def rounding() -> Iterator[None]:
    """One round of the clerk, or a backup's look between two of them: then files and tables belong together."""
    with _holding("round.lock"):
        yield


@contextmanager
def publishing() -> Iterator[None]:
    """One process at a time places editions and bundles: the clerk, or the web worker that publishes."""
    with _holding("publish.lock"), locks.holding(locks.PLACING) if connection.vendor == "postgresql" else nullcontext():
        yield


@contextmanager
def _holding(name: str) -> Iterator[None]:
    descriptor = os.open(settings.DATA.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
