"""Locks between the site's processes: the round lock of the clerk, and the publication lock of editions and bundles.

Lock order: a process that holds the round lock never waits for the publication lock, it only tries it, so that no round
waits for a publication. On one machine a file is the lock; on PostgreSQL, where there may be several machines, an
advisory lock in the database is held as well. A deposed clerk may have been stopped in the middle of a round: so each
term has a round lock of its own, and a new clerk never waits for an old one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Final

from django.conf import settings
from django.db import connection

from undersigned.web.database.postgresql import fence, locks

_PAUSE: Final = 0.05
_ROUND: Final = "round.lock"
_CLERK_HELD: Final = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s::oid AND objid = %s"
    "::oid AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
ACTIVE_SECONDS: Final = 10
"""A running clerk starts or ends a round, or takes the lease, at least this often."""


@contextmanager
def round_lock() -> Iterator[None]:
    """Held by the clerk for one round: before and after it, files and tables are consistent."""
    with _lock_file(_ROUND) as descriptor:
        os.utime(descriptor)
        with _lock_term_rounds(fence.current_term() or "") if _is_postgresql() else nullcontext():
            yield
        os.utime(descriptor)


@contextmanager
def between_rounds() -> Iterator[None]:
    """Held between two rounds while no publication runs: long enough to start a snapshot of a consistent state.

    The clerk waits meanwhile, so nothing large may be done in it.
    """
    while True:
        with _lock_file(_ROUND), _try_term_rounds() as is_quiet, publishing_unless_busy() as is_free:
            if is_quiet and is_free:
                yield
                return
        # Both locks are released before the wait: a publication may take minutes, and rounds must go on meanwhile.
        time.sleep(_PAUSE)


def is_clerk_active() -> bool:
    """Whether a clerk is running on this site, so that an inconsistency may be gone in a moment."""
    try:
        is_recent = time.time() - (settings.DATA.root / _ROUND).stat().st_mtime < ACTIVE_SECONDS
    except FileNotFoundError:
        is_recent = False
    return is_recent or (_is_postgresql() and _query_bool(_CLERK_HELD, locks.CLASS, locks.CLERK))


@contextmanager
def publishing() -> Iterator[None]:
    """The publication lock: held by the one process that writes editions and bundles, clerk or web worker. Waits."""
    with _lock_file("publish.lock"), locks.hold_lock(locks.PUBLICATION) if _is_postgresql() else nullcontext():
        yield


@contextmanager
def publishing_unless_busy(timeout: float = 0) -> Iterator[bool]:
    """Tries to take the publication lock; yields whether it has. A publication may hold it for minutes.

    ``timeout``: seconds to try, which is enough if the clerk holds it.
    """
    deadline = time.monotonic() + timeout
    while True:
        with ExitStack() as stack:
            is_free = _try_publication_lock(stack)
            if is_free or time.monotonic() >= deadline:
                yield is_free
                return
        time.sleep(_PAUSE)


def _try_publication_lock(stack: ExitStack) -> bool:
    try:
        stack.enter_context(_lock_file("publish.lock", fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return not _is_postgresql() or stack.enter_context(locks.try_lock(locks.PUBLICATION))


@contextmanager
def _try_term_rounds() -> Iterator[bool]:
    """Tries to keep every machine's clerk out of its rounds; yields whether it does."""
    if not _is_postgresql():
        yield True
        return
    holder = _load_holder()
    with locks.try_lock(_lock_number(holder)) as is_mine:
        # Read again under the lock: another clerk may have taken the lease meanwhile, with another round lock.
        yield is_mine and _load_holder() == holder


@contextmanager
def _lock_term_rounds(holder: str) -> Iterator[None]:
    # Without a timeout: only ``between_rounds`` can hold this lock, and only for a moment.
    while True:
        with locks.try_lock(_lock_number(holder)) as is_mine:
            if is_mine:
                yield
                return
        time.sleep(_PAUSE)


def _lock_number(holder: str) -> int:
    """The number of a term's round lock, beyond the numbers in ``locks``."""
    return 1024 + int.from_bytes(hashlib.sha256(holder.encode()).digest()[:3], "big")


def _load_holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(fence.QUESTION)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _query_bool(question: str, *values: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return bool(cursor.fetchone()[0])


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def _lock_file(name: str, how: int = 0) -> Iterator[int]:
    descriptor = os.open(settings.DATA.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield descriptor
    finally:
        os.close(descriptor)
