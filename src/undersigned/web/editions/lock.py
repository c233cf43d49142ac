"""One process at a time places editions and bundles: the clerk, or the web worker that publishes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def publishing() -> Iterator[None]:
    """Holds the lock, waiting for it."""
    path = settings.DATA.root / "publish.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
