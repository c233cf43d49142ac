"""One process at a time places editions and bundles: the clerk, or the web worker that publishes.

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
def publishing() -> Iterator[None]:
    """Holds the lock, waiting for it."""
    path = settings.DATA.root / "publish.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with locks.holding(locks.PLACING) if connection.vendor == "postgresql" else nullcontext():
            yield
    finally:
        os.close(descriptor)
