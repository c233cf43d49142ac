"""The clerk: a site's single background worker, which sequences entries into logs and writes the served files.

One process per site does this. On SQLite a file lock elects it; on PostgreSQL, where several machines run ``serve``, a
lease does (``lease``).
"""

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
from undersigned.web.database.postgresql.begin import wait_for_durability
from undersigned.web.database.postgresql.fence import DeposedError
from undersigned.web.database.purge import purge_deleted
from undersigned.web.database.row_order import RowRewriter, is_ordered
from undersigned.web.database.site_locks import publishing_unless_busy, round_lock
from undersigned.web.database.sqlite_library import KEEP_LOG_SHORT
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import load_letter
from undersigned.web.ports import StorageAwayError, World
from undersigned.web.reader.site import site_pages
from undersigned.web.records.models import Letter, Pending
from undersigned.web.storage.reserve import is_full

logger = logging.getLogger(__name__)
MIN_PAUSE: Final = 0.05
"""Shortest time between two polls of the database, in seconds. A poll reads a few rows, so work is seen within it."""
MAX_PAUSE: Final = 1.0
PURGE_INTERVAL: Final = 5
"""Least time between two purges of the WAL, in seconds: no transaction can commit during one."""
FEW_PENDING: Final = 200
"""A table of this many pending entries is rewritten in a few hundredths of a second, so it need not wait."""
MAX_PURGE_DELAY: Final = 60
"""Seconds after which the table is rewritten however many entries are pending."""
STORAGE_RETRY: Final = 5
"""Seconds before the next attempt when the served files cannot be reached."""
OBJECTS_PURGE_INTERVAL: Final = 1800
"""Least time between two rewrites of the sealed objects on PostgreSQL, in seconds: a million take a minute."""


class AnotherClerkError(Exception):
    """Another clerk holds the lock of this data directory."""


def lock_data_directory(data: DataDir) -> int:
    """Takes the lock that makes this process the site's clerk; it lasts as long as the returned descriptor is open.

    Raises AnotherClerkError.
    """
    descriptor = os.open(data.root / "clerk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise AnotherClerkError(f"another clerk is running on {data.root}") from None
    return descriptor


class Clerk:
    """Runs rounds over every fixed letter.

    ``cleaned_up``: set once the temporary files of an earlier clerk have been removed, which is this clerk's first work
    unless it is set already. None: there is nothing to remove.
    """

    def __init__(self, world: World, cleaned_up: threading.Event | None = None) -> None:
        self._world = world
        self._cleaned_up = cleaned_up
        self._letters: dict[int, LetterRounds] = {}
        self._has_site_pages = False
        # Purging the order of arrival: whether one is due, when the last one was, how often it was put off.
        self._is_purge_due, self._purge_time, self._deferrals = False, 0, 0
        self._objects_purge_time, self._objects_purged = 0, -1
        self._row_rewriter, self._version = RowRewriter(), -1

    def run_round(self) -> None:
        """One round: everything that is due now, for every letter."""
        with round_lock():
            self._do_round()

    def _do_round(self) -> None:
        if not self._has_site_pages:
            for path, page in site_pages().items():
                if self._world.storage.get(path) != page:
                    self._world.storage.put(path, page)
            self._has_site_pages = True
        new = list(Letter.objects.filter(letter__isnull=False).exclude(pk__in=list(self._letters)))
        if new:
            # Rows that other processes committed, such as a checkpoint, are about to be served: they must be durable.
            wait_for_durability()
        for row in new:
            self._letters[row.pk] = LetterRounds(load_letter(row, self._world.keys), self._world)
        is_clean = self._remove_leftovers()
        grew = [letter.run_round(only_log=not is_clean) for letter in self._letters.values()]
        self._is_purge_due = self._is_purge_due or any(grew)
        # From 0: a clock that was set back must not keep the order of arrival on disk until it has caught up.
        is_time = not 0 <= self._world.clock() - self._purge_time < PURGE_INTERVAL
        if is_time and (self._is_purge_due or self._has_new_rows()):
            self._purge_time = self._world.clock()
            if self._may_rewrite():
                # Pending rows are in the order in which they came, and so are their copies in the WAL.
                self._is_purge_due = not self._row_rewriter.clear(*self._arrival_tables())
                self._deferrals = self._deferrals if self._is_purge_due else 0
            self._purge_objects()

    def _purge_objects(self) -> None:
        """Purges sealed objects that an edit or a withdrawal has deleted. All that are left are rewritten for it."""
        is_due = self._purge_time >= self._objects_purge_time + OBJECTS_PURGE_INTERVAL
        if is_due and self._replaced_objects != self._objects_purged and purge_deleted("signing_sealedobject"):
            self._objects_purge_time, self._objects_purged = self._purge_time, self._replaced_objects

    @staticmethod
    def _arrival_tables() -> tuple[str, ...]:
        """Tables whose rows are in the order in which people signed since the last batch."""
        return ("signing_pending", "letters_use") if connection.vendor == "postgresql" else ("signing_pending",)

    def _has_new_rows(self) -> bool:
        """Whether rows came since the last call, so that there is an order to purge."""
        if connection.vendor == "postgresql":
            return any(map(is_ordered, self._arrival_tables()))
        before, self._version = self._version, data_version()
        return self._version != before

    def _remove_leftovers(self) -> bool:
        """Removes the temporary files of processes that were killed. Returns whether that is done.

        Until then a round does only the log, which must not wait for another process's publication to end.
        """
        if self._cleaned_up is None or self._cleaned_up.is_set():
            return True
        with publishing_unless_busy() as is_free:
            if is_free:
                # Under the lock, which excludes every writer. A leftover could name a person who withdraws later.
                self._world.storage.clean_up()
                self._cleaned_up.set()
        return self._cleaned_up.is_set()

    def _may_rewrite(self) -> bool:
        """Whether to rewrite the tables now. PostgreSQL blocks signatures meanwhile, so under load it is put off."""
        if connection.vendor != "postgresql":
            return True
        self._deferrals += 1
        return self._deferrals * PURGE_INTERVAL >= MAX_PURGE_DELAY or Pending.objects.count() <= FEW_PENDING

    @property
    def _replaced_objects(self) -> int:
        """How many entries replaced or removed a sealed object: the number changes when one has been deleted."""
        return sum(letter.replaced for letter in self._letters.values())

    def cancel(self) -> None:
        """Cancels background jobs and releases their locks."""
        for letter in self._letters.values():
            letter.cancel()

    def run(self, stop: threading.Event, version: Callable[[], int]) -> None:
        """Runs rounds until ``stop``. An error ends the clerk: the supervisor restarts it, and the next start repairs.

        A round is due when another process has committed, which changes the result of ``version``, and once a second
        for what depends on the clock.
        """
        done: tuple[int, int] | None = None
        while not stop.is_set():
            # Read before the round: a row that is written during it makes the next round due.
            current, began = (version(), self._world.clock()), time.monotonic()
            if current != done and self._run_round_with_reserve():
                done = current
            # Signing comes first: under load, rounds are fewer and each takes more entries at once.
            stop.wait(min(max(MIN_PAUSE, 4 * (time.monotonic() - began)), MAX_PAUSE))

    def _run_round_with_reserve(self) -> bool:
        """Runs one round; returns whether it completed. A full disk does not end the clerk.

        A round is idempotent: every step finds out for itself what is missing, so an interrupted one is simply run
        again.
        """
        self._world.reserve.adjust()
        try:
            self.run_round()
        except Exception as error:
            if not is_full(error):
                raise
            if not self._world.reserve.release():
                # Even the reserve is used up: try again in a second.
                logger.error("the disk is full: the log waits")  # noqa: TRY400
                return True
            return False
        return True


def data_version() -> int:
    """SQLite's counter that changes when another connection has committed. Reading it needs no lock."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


def run(data: DataDir, world: World) -> None:
    """Runs the clerk until SIGTERM or SIGINT. Raises AnotherClerkError."""
    descriptor = lock_data_directory(data)
    # Lower priority than the web workers: a signatory waits for them, but not for the log.
    os.nice(5)
    stop = threading.Event()

    def set_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, set_stop)
    signal.signal(signal.SIGINT, set_stop)
    try:
        if connection.vendor == "postgresql":
            _run_with_lease(world, stop)
        else:
            _run_alone(world, stop)
    finally:
        os.close(descriptor)


def _run_threads(world: World, stop: threading.Event, version: Callable[[], int]) -> None:
    """Runs log, mail and pages, each in its thread, until ``stop`` or an error of the log."""
    # Mail has its own thread and database connection: the log must not wait for a slow mail server.
    stopped = threading.Event()
    mail = threading.Thread(target=Postman(world).run, args=(stopped,), name="postman", daemon=True)
    mail.start()
    cleaned_up = threading.Event()
    press = threading.Thread(target=_run_pressroom, args=(world, stopped, cleaned_up), name="pressroom", daemon=True)
    press.start()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(KEEP_LOG_SHORT)
    clerk = Clerk(world, cleaned_up)
    try:
        clerk.run(stop, version)
    finally:
        stopped.set()
        try:
            clerk.cancel()
        finally:
            mail.join(timeout=2)
            press.join(timeout=2)
            connection.close()


def _run_pressroom(world: World, stopped: threading.Event, cleaned_up: threading.Event) -> None:
    """Runs the pressroom, once the cleanup is over: it would remove the pressroom's own temporary files."""
    while not cleaned_up.wait(MAX_PAUSE):
        if stopped.is_set():
            return
    Pressroom(world, stopped).run()


def _run_alone(world: World, stop: threading.Event) -> None:
    """Runs the only clerk of a data directory. If the bucket is unreachable it restarts from what is durable."""
    while not stop.is_set():
        try:
            _run_threads(world, stop, data_version)
        except StorageAwayError as error:
            logger.warning("the clerk restarts: %s", error)
            stop.wait(STORAGE_RETRY)


def _run_with_lease(world: World, stop: threading.Event) -> None:
    """Runs the clerk whenever this process holds the lease: on several machines, only the leader works.

    When the database goes away, or gives the lease to another process, this one restarts from what is durable.
    """
    # Needs psycopg, which a site on SQLite does not load.
    from undersigned.web.clerk.lease import Lease, LeaseLostError

    lease = Lease()
    while lease.take(stop):
        try:
            _run_threads(replace(world, storage=FencedStorage(world.storage)), stop, lease.version)
        except (DatabaseGoneError, DeposedError, LeaseLostError, StorageAwayError) as error:
            logger.warning("the clerk restarts: %s", where(error))
            if isinstance(error, StorageAwayError):
                stop.wait(STORAGE_RETRY)
        finally:
            lease.end()
