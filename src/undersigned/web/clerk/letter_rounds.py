"""One letter on the clerk's desk: its log, then everything that follows from it."""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings
from django.db import connection

from undersigned.web.bookings.actions import erase_pages
from undersigned.web.bookings.files import PageFiles
from undersigned.web.letters.actions import count_codes, move_uses, store_progress
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.guard import BehindError, MovedError, halt, size_of
from undersigned.web.log.sequence import Log
from undersigned.web.ports import World
from undersigned.web.publication.reconciler import Reconciler
from undersigned.web.records.models import Document
from undersigned.web.signing.kept_withdrawals import KeptWithdrawals

logger = logging.getLogger(__name__)
TELL: Final = 60
"""Seconds between two tellings of how codes are used, at least: in a public letter nearly each entry is a batch."""
COUNT: Final = 10
"""Seconds between two counts of codes, at least: a large letter has many."""


class LetterRounds:
    """What the clerk does for one letter, round after round."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._serve_documents()
        self._log: Log | None = None
        self._refused: tuple[object, ...] = ()
        self._reconciler = Reconciler(letter, world)
        self._files = PageFiles(settings.DATA.pages)
        self._withdrawn = -1
        self._untold: dict[str, int] | None = None
        self._counted, self._told = -COUNT, -TELL
        self._carried = KeptWithdrawals(settings.DATA.withdrawn, letter)

    def _serve_documents(self) -> None:
        for document in Document.objects.filter(letter=self._letter.pk):
            path, data = f"{self._letter.slug}/{document.path}", bytes(document.data)
            if self._world.storage.get(path) != data:
                self._world.storage.put(path, data)

    @property
    def replaced(self) -> int:
        """How many entries of the log deleted an object: edits and withdrawals."""
        if self._log is None:
            return 0
        standing = self._log.standing
        return len(standing.objects) - standing.signed + standing.withdrawn

    def round(self, *, only_log: bool = False) -> bool:
        """Everything there is to do now. Returns whether the log grew.

        A letter whose database is behind its log is halted, and nothing of it is touched; the others go on.
        """
        log = self._log or self._take_up()
        if log is None:
            self._carried.keep()
            return False
        try:
            grew = log.round()
        except (MovedError, BehindError) as error:
            logger.warning("%s: its log is taken up again: %s", self._letter.slug, error)
            self._log = None
            self._reconciler.cancel()
            return False
        self._tell(grew)
        if only_log:
            return grew
        standing = log.standing
        self._reconciler.reconcile(standing)
        if standing.withdrawn != self._withdrawn:
            # After the editions: no page of an edition whose names are gone can be proved any more.
            erase_pages(letter=self._letter, files=self._files, by="clerk", now=self._world.clock())
            self._withdrawn = standing.withdrawn
        return grew

    def _tell(self, grew: bool) -> None:
        """Tells the organiser how codes are used: with a batch, and of many batches now and then."""
        if grew and connection.vendor == "postgresql":
            move_uses(letter=self._letter.pk)
        now = self._world.clock()
        if grew and not 0 <= now - self._counted < COUNT:
            # Counted now and perhaps told later: what comes after this batch is not in it.
            self._untold, self._counted = count_codes(letter=self._letter.pk), now
        if self._untold is not None and not 0 <= now - self._told < TELL:
            store_progress(letter=self._letter.pk, counts=self._untold)
            self._untold, self._told = None, now

    def leave(self) -> None:
        """Leaves nothing half made."""
        self._reconciler.cancel()

    def _take_up(self) -> Log | None:
        """The log, if it may go on. Asked again only when what speaks against it has changed."""
        speaking = self._speaking()
        if speaking == self._refused:
            return None
        try:
            self._log = Log(self._letter, self._world)
        except BehindError as error:
            logger.error("%s", error)  # noqa: TRY400 - the sentence says it
            self._refused = speaking
            halt(self._letter.pk, halted=True)
            return None
        self._refused = ()
        halt(self._letter.pk, halted=False)
        self._carried.give_back(self._world.clock())
        return self._log

    def _speaking(self) -> tuple[object, ...]:
        slug = self._letter.slug
        return (
            size_of(self._letter.pk), self._world.storage.get(f"{slug}/log/checkpoint"), self._world.marks.get(slug),
        )  # fmt: skip
