"""The clerk's round with the press: every booking's page follows the newest edition until it is frozen."""

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
from undersigned.web.bookings.orders import archive_order_from_bundle, page_order
from undersigned.web.database.site_locks import publishing
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.ports import World
from undersigned.web.problems import Problem
from undersigned.web.records.models import Booking, Edition, Letter

logger = logging.getLogger(__name__)
PAUSE: Final = 1.0
"""Seconds between rounds."""
TRIES: Final = 3
"""How often a job that died, or took too much, is begun before its page is given up."""
BY: Final = "clerk"


def _named(edition: Edition) -> int:
    """How many an edition names."""
    counts = parse_counts(bytes(edition.counts or b"")).counts
    return counts.named + counts.initials


class StoppedError(Exception):
    """The clerk is leaving."""


class Pressroom:
    """Makes pages one at a time, each in a process of its own, in a thread of the clerk: no log waits for a page."""

    def __init__(self, world: World, stop: threading.Event | None = None) -> None:
        self._world = world
        self._stop = stop or threading.Event()
        self._files = PageFiles(settings.DATA.pages)
        self._letters: dict[int, FixedLetter] = {}
        self._archived: set[tuple[int, str]] = set()
        self._tries: dict[tuple[int, int], int] = {}
        self._settled = False

    def round(self) -> int:
        """Makes what is due, the next deadline first; returns how many pages and reader's PDFs that were."""
        if not self._world.reserve.held():
            # The disk is full: what room is left is not for pages.
            return 0
        self._settle()
        editions = list(Edition.objects.filter(data__isnull=False).defer("data", "counts").order_by("number"))
        newest = {edition.letter_id: edition for edition in editions}
        due = Booking.objects.filter(letter__in=newest, state__in=("booked", "proof"))
        due = due.filter(deadline__gte=self._world.clock(), letter__abandoned=False)
        made = 0
        for row in due.order_by("deadline", "pk"):
            edition = newest[row.letter_id]
            if state_of(row).stale(edition.number) and row.refused != edition.number:
                made += self._page(row, edition)
        return made + sum(self._archive(edition) for edition in editions)

    def _settle(self) -> None:
        """Whoever stopped before us may have left a page that is proved and not in its place, or half of one.

        And a backup holds pages of a later moment than the rows: of such a booking the page is made again.
        """
        if not self._settled:
            for row in Booking.objects.select_related("letter"):
                self._files.settle(row.letter.slug, row.number, row.sha256)
                actions.heal(row=row, files=self._files, by=BY, now=self._world.clock())
            self._settled = True

    def _page(self, row: Booking, edition: Edition) -> bool:
        letter = self._letter(row.letter_id)
        slug, number = letter.slug, row.number
        try:
            order = page_order(letter, row, edition.number, bytes(edition.data or b""), self._site)
            fresh = self._files.begin(slug, number)
            report = job.run_page(order, fresh, progress=self._progress(slug, number))
            # True now: the page is on disk, whole, beside the one there was; no row speaks of it.
            actions.prove(
                letter=letter, made_for=row, edition=edition.number, sha256=report.sha256, by=BY,
                now=self._world.clock(),
            )  # fmt: skip
            # True now: the page counts. Where it lies is put right now, or by the next clerk.
            self._files.settle(slug, number, report.sha256)
        except JobError as error:
            self._tried(letter, row, edition, str(error))
        except PressError as error:
            self._refuse(letter, row, edition, str(error))
        except (Problem, ProtocolError) as error:
            logger.info("a page was made in vain: %s", error)
            self._files.settle(slug, number, "")
        else:
            return True
        return False

    def _tried(self, letter: FixedLetter, row: Booking, edition: Edition, why: str) -> None:
        """A job that died says nothing of the page, until it has died several times."""
        tries = self._tries.get((row.pk, edition.number), 0) + 1
        self._tries[row.pk, edition.number] = tries
        logger.error("a page job failed (%d of %d)", tries, TRIES)
        if tries >= TRIES:
            self._refuse(letter, row, edition, why)
            del self._tries[row.pk, edition.number]

    def _refuse(self, letter: FixedLetter, row: Booking, edition: Edition, why: str) -> None:
        try:
            actions.refuse(letter=letter, made_for=row, edition=edition.number, by=BY, now=self._world.clock())
        except (Problem, ProtocolError) as error:
            logger.info("a page was refused in vain: %s", error)
            self._files.settle(letter.slug, row.number, "")
        else:
            self._files.refuse(letter.slug, row.number, why)

    def _archive(self, edition: Edition) -> int:
        letter, made = self._letter(edition.letter_id), 0
        for language in letter.manifest.languages:
            if (edition.pk, language) not in self._archived:
                made += self._reader_pdf(letter, edition, language)
                self._archived.add((edition.pk, language))
        return made

    def _reader_pdf(self, letter: FixedLetter, edition: Edition, language: str) -> bool:
        """Puts an edition's PDF for readers among the served files, unless it is there or the names have gone."""
        place = f"{letter.slug}/press/{edition.number}/{language}.pdf"
        if self._world.storage.has(place):
            return False
        named = _named(edition)
        if named > job.MOST:
            logger.warning("edition %d has no reader's PDF: it names %d", edition.number, named)
            return False
        with tempfile.TemporaryDirectory(dir=settings.DATA.root, prefix=".archive-") as folder:
            try:
                order = archive_order_from_bundle(
                    letter, language, edition.number, bytes(edition.data or b""), self._site
                )
                job.run_archive(order, Path(folder), names=named, progress=lambda _what, _share: self._check())
            except PressError as error:
                # A JobError says what ran out; of the others the message might quote a name.
                why = str(error) if isinstance(error, JobError) else type(error).__name__
                logger.error("no reader's PDF of edition %d: %s", edition.number, why)  # noqa: TRY400
                return False
            with publishing():
                # Nobody takes names away while this is held.
                if not Edition.objects.filter(pk=edition.pk, data__isnull=False).exists():
                    return False
                self._world.storage.put(place, (Path(folder) / "archive.pdf").read_bytes())
        return True

    def _progress(self, slug: str, number: int) -> Callable[[str, float], None]:
        def tell(_what: str, share: float) -> None:
            self._check()
            self._files.tell(slug, number, share)

        return tell

    def _check(self) -> None:
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
        """Rounds until the clerk stops. A page is worth less than the log: an error here ends nothing."""
        while not self._stop.is_set():
            try:
                self.round()
            except StoppedError:
                break
            except Exception as error:
                logger.error("the round with the press failed: %s", where(error))  # noqa: TRY400
            self._stop.wait(PAUSE)
        connection.close()
