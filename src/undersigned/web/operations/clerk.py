"""The clerk: the one process of a site that puts entries into logs and files into place."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
from types import FrameType
from typing import Final

from django.db import connection

from undersigned.web.datadir import DataDir
from undersigned.web.letters.known import know
from undersigned.web.letters.models import Letter
from undersigned.web.mail.postman import Postman
from undersigned.web.operations.desk import LetterDesk
from undersigned.web.pages.plain import front_page
from undersigned.web.ports import World
from undersigned.web.press.pressroom import Pressroom

logger = logging.getLogger(__name__)
PAUSE: Final = 0.05
"""Seconds between looks. A look reads a few rows; anything waiting is seen within this time."""

REST: Final = 5
"""Seconds between two truncations of the write-ahead log, at least: nobody can commit meanwhile."""


class AnotherClerkError(Exception):
    """A clerk is at work on this data directory already."""


def lead(data: DataDir) -> int:
    """Takes the lock that makes this process the site's clerk, for as long as it lives. Raises AnotherClerkError."""
    descriptor = os.open(data.root / "clerk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise AnotherClerkError(f"another clerk is at work on {data.root}") from None
    return descriptor


class Clerk:
    """Looks after every letter that is no draft."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._desks: dict[int, LetterDesk] = {}
        self._greeted = False
        self._owed, self._truncated = False, 0

    def round(self) -> None:
        """One look at everything."""
        if not self._greeted:
            self._world.storage.put("index.html", front_page())
            self._greeted = True
        for row in Letter.objects.filter(letter__isnull=False).exclude(pk__in=list(self._desks)):
            self._desks[row.pk] = LetterDesk(know(row, self._world.keys), self._world)
        grew = [desk.round() for desk in self._desks.values()]
        self._owed = self._owed or any(grew)
        if self._owed and self._world.clock() >= self._truncated + REST:
            # Pages of the write-ahead log still hold the pending rows in the order they came; start it afresh.
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._owed, self._truncated = False, self._world.clock()

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop``. An error ends the clerk: the next start repairs, and an operator is told.

        A round is due when another process has written to the database, and once a second for what time brings.
        """
        seen: tuple[int, int] | None = None
        while not stop.is_set():
            # Looked at before the round: what is written during it makes the next one due.
            found = (data_version(), self._world.clock())
            if found != seen:
                self.round()
                seen = found
            stop.wait(PAUSE)


def data_version() -> int:
    """A number that changes when another connection has committed; asking costs next to nothing."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


def run(data: DataDir, world: World) -> None:
    """Runs until SIGTERM or SIGINT. Raises AnotherClerkError."""
    descriptor = lead(data)
    # Whoever signs is waiting; the log is not.
    os.nice(5)
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    # The mail has a thread and a connection of its own: a slow mail server keeps no log waiting.
    mail = threading.Thread(target=Postman(world).run, args=(stop,), name="postman", daemon=True)
    mail.start()
    press = threading.Thread(target=Pressroom(world, stop).run, name="pressroom", daemon=True)
    press.start()
    try:
        Clerk(world).run(stop)
    finally:
        stop.set()
        mail.join(timeout=2)
        press.join(timeout=2)
        connection.close()
        os.close(descriptor)
