"""The clerk: the one process of a site that puts entries into logs and files into place."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Final

from django.db import Error as DatabaseGoneError
from django.db import connection

from undersigned.web.clerk.fenced_storage import FencedStorage
from undersigned.web.clerk.letter_rounds import LetterRounds
from undersigned.web.clerk.postman import Postman
from undersigned.web.clerk.pressroom import Pressroom
from undersigned.web.config.datadir import DataDir
from undersigned.web.database.postgresql.begin import wait_for_all_before
from undersigned.web.database.postgresql.fence import DeposedError
from undersigned.web.database.purge import wash
from undersigned.web.database.row_order import RowRewriter, is_ordered
from undersigned.web.database.site_locks import publishing_unless_busy, rounding
from undersigned.web.database.sqlite_library import KEEP_LOG_SHORT
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import load_letter
from undersigned.web.ports import StorageAwayError, World
from undersigned.web.reader.site import site_pages
from undersigned.web.records.models import Letter, Pending
from undersigned.web.storage.reserve import is_full

logger = logging.getLogger(__name__)
PAUSE: Final = 0.05
"""Seconds between looks. A look reads a few rows; anything waiting is seen within this time."""

LONGEST_PAUSE: Final = 1.0
REST: Final = 5
"""Seconds between two truncations of the write-ahead log, at least: nobody can commit meanwhile."""
CALM: Final = 200
"""Entries that wait: a table of so many is written anew in some hundredths of a second."""
RUSH: Final = 60
"""Seconds after which it is written anew however many wait."""
AWAY: Final = 5
"""Seconds before another attempt while the served files cannot be reached."""
DEEP_REST: Final = 1800
"""Seconds between two rewritings of the sealed objects on PostgreSQL, at least: it takes a minute for a million."""


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
    """Looks after every letter that is no draft.

    ``tidied``: set once what an earlier clerk left half written has been cleared away, which is this one's first work
    unless it is set already. None: there is nothing to clear away.
    """

    def __init__(self, world: World, tidied: threading.Event | None = None) -> None:
        self._world = world
        self._tidied = tidied
        self._desks: dict[int, LetterRounds] = {}
        self._greeted = False
        self._owed, self._truncated, self._rushed = False, 0, 0
        self._washed, self._gone_washed = 0, -1
        self._mixer, self._version = RowRewriter(), -1

    def round(self) -> None:
        """One look at everything."""
        with rounding():
            self._look()

    def _look(self) -> None:
        if not self._greeted:
            for path, page in site_pages().items():
                if self._world.storage.get(path) != page:
                    self._world.storage.put(path, page)
            self._greeted = True
        fresh = list(Letter.objects.filter(letter__isnull=False).exclude(pk__in=list(self._desks)))
        if fresh:
            # What is found of them at first, a checkpoint perhaps, was committed by others, and is about to be served.
            wait_for_all_before()
        for row in fresh:
            self._desks[row.pk] = LetterRounds(load_letter(row, self._world.keys), self._world)
        tidy = self._clear_away()
        grew = [desk.round(only_log=not tidy) for desk in self._desks.values()]
        self._owed = self._owed or any(grew)
        # A clock that was set back must not keep the order of arrival on disk until it has caught up.
        if not 0 <= self._world.clock() - self._truncated < REST and (self._owed or self._tells()):
            self._truncated = self._world.clock()
            if self._may_wash():
                # What waits stands in the order it came, and the database's past has that order, too.
                self._owed = not self._mixer.clear(*self._telling())
                self._rushed = self._rushed if self._owed else 0
            due = self._truncated >= self._washed + DEEP_REST and self._gone != self._gone_washed
            # An edit or withdrawal deleted a sealed object. They are many, and all of them are written anew.
            if due and wash("signing_sealedobject"):
                self._washed, self._gone_washed = self._truncated, self._gone

    @staticmethod
    def _telling() -> tuple[str, ...]:
        """Tables in which those who signed since the last batch stand as they came."""
        return ("signing_pending", "letters_use") if connection.vendor == "postgresql" else ("signing_pending",)

    def _tells(self) -> bool:
        """Whether somebody wrote since it was last asked, so that there is an order to be cleared away."""
        if connection.vendor == "postgresql":
            return any(map(is_ordered, self._telling()))
        before, self._version = self._version, data_version()
        return self._version != before

    def _clear_away(self) -> bool:
        """Removes what others left half written, and returns whether that is done: until then nothing but the log goes
        on, which does not wait for a publication that another process is at."""
        if self._tidied is None or self._tidied.is_set():
            return True
        with publishing_unless_busy() as free:
            if free:
                # Whoever wrote here before may have been killed; what it left could hold the name of somebody who
                # withdraws.
                self._world.storage.tidy()
                self._tidied.set()
        return self._tidied.is_set()

    def _may_wash(self) -> bool:
        """PostgreSQL writes the table anew, and nobody can sign meanwhile: so while many wait, only now and then."""
        if connection.vendor != "postgresql":
            return True
        self._rushed += 1
        return self._rushed * REST >= RUSH or Pending.objects.count() <= CALM

    @property
    def _gone(self) -> int:
        """A number that changes when a sealed object was deleted: how many entries replaced or removed one."""
        return sum(desk.replaced for desk in self._desks.values())

    def leave(self) -> None:
        """Leaves nothing half made, and no lock held."""
        for desk in self._desks.values():
            desk.leave()

    def run(self, stop: threading.Event, version: Callable[[], int]) -> None:
        """Rounds until ``stop``. An error ends the clerk: the next start repairs, and an operator is told.

        A round is due when another process has written to the database, which changes what ``version`` says, and once
        a second for what time brings.
        """
        seen: tuple[int, int] | None = None
        while not stop.is_set():
            # Looked at before the round: what is written during it makes the next one due.
            found, began = (version(), self._world.clock()), time.monotonic()
            if found != seen and self._round_with_room():
                seen = found
            # Whoever signs needs the machine more: while much is coming in, rounds are fewer and take in more at once.
            stop.wait(min(max(PAUSE, 4 * (time.monotonic() - began)), LONGEST_PAUSE))

    def _round_with_room(self) -> bool:
        """One round; returns whether it came to its end. A full disk ends no clerk: what it could not do is done later.

        Every step of a round finds out for itself what is missing, so one that broke off is simply begun again.
        """
        self._world.reserve.settle()
        try:
            self.round()
        except Exception as error:
            if not is_full(error):
                raise
            if not self._world.reserve.release():
                # Not even the room that was kept is left: try again when the next second comes.
                logger.error("the disk is full: the log waits")  # noqa: TRY400
                return True
            return False
        return True


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
    try:
        if connection.vendor == "postgresql":
            _take_turns(world, stop)
        else:
            _stay(world, stop)
    finally:
        os.close(descriptor)


def _work(world: World, stop: threading.Event, version: Callable[[], int]) -> None:
    """Log and mail, until ``stop`` or an error."""
    # The mail has a thread and a connection of its own: a slow mail server keeps no log waiting.
    enough = threading.Event()
    mail = threading.Thread(target=Postman(world).run, args=(enough,), name="postman", daemon=True)
    mail.start()
    tidied = threading.Event()
    press = threading.Thread(target=_press, args=(world, enough, tidied), name="pressroom", daemon=True)
    press.start()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(KEEP_LOG_SHORT)
    clerk = Clerk(world, tidied)
    try:
        clerk.run(stop, version)
    finally:
        enough.set()
        try:
            clerk.leave()
        finally:
            mail.join(timeout=2)
            press.join(timeout=2)
            connection.close()


def _press(world: World, enough: threading.Event, tidied: threading.Event) -> None:
    """The press's rounds, once nothing of theirs can be taken for what a dead process left."""
    while not tidied.wait(LONGEST_PAUSE):
        if enough.is_set():
            return
    Pressroom(world, enough).run()


def _stay(world: World, stop: threading.Event) -> None:
    """The one clerk of a data directory. While the bucket is away it begins again and again, from what is durable."""
    while not stop.is_set():
        try:
            _work(world, stop, data_version)
        except StorageAwayError as error:
            logger.warning("this clerk begins again: %s", error)
            stop.wait(AWAY)


def _take_turns(world: World, stop: threading.Event) -> None:
    """One clerk of all those that run on a site's machines, whichever the database says.

    When the database goes away, or gives the lease to another, this one starts again from what is durable.
    """
    # Needs psycopg, which a site on SQLite does not load.
    from undersigned.web.clerk.lease import Lease, LeaseLostError

    lease = Lease()
    while lease.take(stop):
        try:
            _work(replace(world, storage=FencedStorage(world.storage)), stop, lease.version)
        except (DatabaseGoneError, DeposedError, LeaseLostError, StorageAwayError) as error:
            logger.warning("this clerk begins again: %s", where(error))
            if isinstance(error, StorageAwayError):
                stop.wait(AWAY)
        finally:
            lease.end()
