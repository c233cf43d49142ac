"""The clerk's pressroom thread: typesets newspaper pages and readers' PDFs of the newest editions.

A booking's page is made again for every new edition until the booking is frozen.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from undersigned.press import JobError, PressError, job
from undersigned.protocol.edition import parse_counts
from undersigned.protocol.errors import ProtocolError
from undersigned.web.bookings import actions
from undersigned.web.bookings.actions.change import state_of
from undersigned.web.bookings.files import PageFiles
from undersigned.web.bookings.orders import archive_order, page_order
from undersigned.web.database.site_locks import publishing
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.ports import World
from undersigned.web.problems import Problem
from undersigned.web.records.models import Booking, Edition, Letter

logger = logging.getLogger(__name__)
PAUSE: Final = 1.0
"""Seconds between rounds."""
MAX_TRIES: Final = 3
"""How often a job that crashes or exceeds its limits is started before its page is given up."""
BY: Final = "clerk"


def _count_names(edition: Edition) -> int:
    """How many people an edition names."""
    counts = parse_counts(bytes(edition.counts or b"")).counts
    return counts.named + counts.initials


class StoppedError(Exception):
    """The clerk is stopping."""


class Pressroom:
    """Makes pages one at a time, in a thread of the clerk, each in a separate process: the log never waits."""

    def __init__(self, world: World, stop: threading.Event | None = None) -> None:
        self._world = world
        self._stop = stop or threading.Event()
        self._files = PageFiles(settings.DATA.pages)
        self._letters: dict[int, FixedLetter] = {}
        self._pdfs_done: set[tuple[int, str]] = set()
        self._tries: dict[tuple[int, int], int] = {}
        self._is_recovered = False

    def run_round(self) -> int:
        """Makes what is due, earliest deadline first; returns how many pages and readers' PDFs it made."""
        if not self._world.reserve.is_held():
            # The disk is full: the space that is left is for withdrawals.
            return 0
        self._recover()
        editions = list(Edition.objects.filter(data__isnull=False).defer("data", "counts").order_by("number"))
        newest = {edition.letter_id: edition for edition in editions}
        due = Booking.objects.filter(letter__in=newest, state__in=("booked", "proof"))
        due = due.filter(deadline__gte=self._world.clock(), letter__abandoned=False)
        made = 0
        for row in due.order_by("deadline", "pk"):
            edition = newest[row.letter_id]
            if state_of(row).stale(edition.number) and row.refused != edition.number:
                made += self._make_page(row, edition)
        return made + sum(self._make_pdfs(edition) for edition in editions)

    def _recover(self) -> None:
        """Recovers from a crash, once: puts a recorded page in place that was not, and deletes unrecorded ones.

        Also after a restore: a backup may hold pages newer than its rows. Such a booking's page is made again.
        """
        if not self._is_recovered:
            for row in Booking.objects.select_related("letter"):
                self._files.reconcile(row.letter.slug, row.number, row.sha256)
                actions.reset_lost_page(row=row, files=self._files, by=BY, now=self._world.clock())
            self._is_recovered = True

    def _make_page(self, row: Booking, edition: Edition) -> bool:
        letter = self._letter(row.letter_id)
        slug, number = letter.slug, row.number
        try:
            order = page_order(letter, row, edition.number, bytes(edition.data or b""), self._site)
            directory = self._files.start(slug, number)
            report = job.run_page(order, directory, progress=self._progress(slug, number))
            # True now: the new page is complete on disk, next to the old one; no row refers to it.
            actions.record_page(
                letter=letter, made_for=row, edition=edition.number, sha256=report.sha256, by=BY,
                now=self._world.clock(),
            )  # fmt: skip
            # True now: the new page is the booking's. It is put in place now, or by the next clerk.
            self._files.reconcile(slug, number, report.sha256)
        except JobError as error:
            self._count_failure(letter, row, edition, str(error))
        except PressError as error:
            self._refuse(letter, row, edition, str(error))
        except (Problem, ProtocolError) as error:
            logger.info("a page was discarded: the booking has changed meanwhile: %s", error)
            self._files.reconcile(slug, number, "")
        else:
            return True
        return False

    def _count_failure(self, letter: FixedLetter, row: Booking, edition: Edition, why: str) -> None:
        """Counts a crash of a job. One may be bad luck; after several, the page is given up."""
        tries = self._tries.get((row.pk, edition.number), 0) + 1
        self._tries[row.pk, edition.number] = tries
        logger.error("a page job failed (%d of %d)", tries, MAX_TRIES)
        if tries >= MAX_TRIES:
            self._refuse(letter, row, edition, why)
            del self._tries[row.pk, edition.number]

    def _refuse(self, letter: FixedLetter, row: Booking, edition: Edition, why: str) -> None:
        try:
            actions.record_refusal(letter=letter, made_for=row, edition=edition.number, by=BY, now=self._world.clock())
        except (Problem, ProtocolError) as error:
            logger.info("a refused page was dropped: the booking has changed meanwhile: %s", error)
            self._files.reconcile(letter.slug, row.number, "")
        else:
            self._files.refuse(letter.slug, row.number, why)

    def _make_pdfs(self, edition: Edition) -> int:
        letter, made = self._letter(edition.letter_id), 0
        for language in letter.manifest.languages:
            if (edition.pk, language) not in self._pdfs_done:
                made += self._make_pdf(letter, edition, language)
                self._pdfs_done.add((edition.pk, language))
        return made

    def _make_pdf(self, letter: FixedLetter, edition: Edition, language: str) -> bool:
        """Writes an edition's PDF for readers to the served files, unless it exists or the names have been erased."""
        path = f"{letter.slug}/press/{edition.number}/{language}.pdf"
        if self._world.storage.has(path):
            return False
        named = _count_names(edition)
        if named > job.MOST:
            logger.warning("edition %d has no readers' PDF: it names %d people", edition.number, named)
            return False
        with tempfile.TemporaryDirectory(dir=settings.DATA.root, prefix=".archive-") as folder:
            try:
                order = archive_order(letter, language, edition.number, bytes(edition.data or b""), self._site)
                job.run_archive(order, Path(folder), names=named, progress=lambda _what, _share: self._check_stop())
            except PressError as error:
                # A JobError names the limit that was exceeded; other messages might quote a signatory's name.
                why = str(error) if isinstance(error, JobError) else type(error).__name__
                logger.error("no readers' PDF of edition %d: %s", edition.number, why)  # noqa: TRY400
                return False
            with publishing():
                # Under the lock no names are erased: an edition that has its names here keeps them until the PDF is in
                # place, and the erasure that follows deletes both.
                if not Edition.objects.filter(pk=edition.pk, data__isnull=False).exists():
                    return False
                self._world.storage.put(path, (Path(folder) / "archive.pdf").read_bytes())
        return True

    def _progress(self, slug: str, number: int) -> Callable[[str, float], None]:
        def report(_what: str, share: float) -> None:
            self._check_stop()
            self._files.write_progress(slug, number, share)

        return report

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    @property
    def _site(self) -> str:
        return f"{self._world.scheme}://{self._world.authority}"

    def _letter(self, pk: int) -> FixedLetter:
        if pk not in self._letters:
            self._letters[pk] = load_letter(Letter.objects.get(pk=pk), self._world.keys)
        return self._letters[pk]

    def run(self) -> None:
        """Runs rounds until the clerk stops. An error is logged and ends nothing: the log matters more than a page."""
        while not self._stop.is_set():
            try:
                self.run_round()
            except StoppedError:
                break
            except Exception as error:
                logger.error("a pressroom round failed: %s", where(error))  # noqa: TRY400
            self._stop.wait(PAUSE)
        connection.close()
