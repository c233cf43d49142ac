"""Locks between the site's processes: one for the clerk's rounds, one for placing editions and bundles.

Nobody waits for the second while holding the first, so that no round waits for a publication (``moment`` and the clerk
only ask for it). On one machine a file is the lock; on PostgreSQL, where there may be several, the database holds
another of each. A clerk that was followed by another may have been stopped in the middle of a round: so its rounds are
locked under the mark of its term, and the next clerk waits for nobody.
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
LATELY: Final = 10
"""Seconds within which a clerk that is at work has begun or ended a round, or taken the lock again."""


@contextmanager
def rounding() -> Iterator[None]:
    """One round of the clerk: files and tables belong together before and after it."""
    with _holding(_ROUND) as descriptor:
        os.utime(descriptor)
        with _rounds_of_a_term(fence.term() or "") if _on_postgresql() else nullcontext():
            yield
        os.utime(descriptor)


@contextmanager
def moment() -> Iterator[None]:
    """Between two rounds, while nobody places anything: to begin a look, and no longer. Nothing large is done in it."""
    while True:
        with _holding(_ROUND), _no_round() as still, publishing_unless_busy() as free:
            if still and free:
                yield
                return
        # A publication may take minutes. Whoever looks waits for it; the clerk's rounds do not.
        time.sleep(_PAUSE)


def clerk_at_work() -> bool:
    """Whether a clerk is at work on this site, so that what is not right may be put right in a moment."""
    try:
        lately = time.time() - (settings.DATA.root / _ROUND).stat().st_mtime < LATELY
    except FileNotFoundError:
        lately = False
    return lately or (_on_postgresql() and _asked(_CLERK_HELD, locks.CLASS, locks.CLERK))


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


@contextmanager
def _no_round() -> Iterator[bool]:
    """Gives whether no machine's clerk is in a round, nor begins one meanwhile."""
    if not _on_postgresql():
        yield True
        return
    holder = _holder()
    with locks.trying(_number(holder)) as mine:
        # Another clerk may have begun its term between the two looks.
        yield mine and _holder() == holder


@contextmanager
def _rounds_of_a_term(holder: str) -> Iterator[None]:
    # Without a limit: only somebody in their ``moment`` is in the way.
    while True:
        with locks.trying(_number(holder)) as mine:
            if mine:
                yield
                return
        time.sleep(_PAUSE)


def _number(holder: str) -> int:
    """The lock of a term's rounds: any number beyond those of ``locks``."""
    return 1024 + int.from_bytes(hashlib.sha256(holder.encode()).digest()[:3], "big")


def _holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(fence.QUESTION)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _asked(question: str, *values: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return bool(cursor.fetchone()[0])


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def _holding(name: str, how: int = 0) -> Iterator[int]:
    descriptor = os.open(settings.DATA.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield descriptor
    finally:
        os.close(descriptor)
