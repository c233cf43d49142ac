"""The clerk's round for one letter: its log first, then the files that follow from it."""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings
from django.db import connection

from undersigned.web.bookings.actions import erase_pages
from undersigned.web.bookings.files import PageFiles
from undersigned.web.letters.actions import count_codes, move_uses, store_progress
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.guard import BehindError, MovedError, halt, log_size
from undersigned.web.log.sequence import Log
from undersigned.web.ports import World
from undersigned.web.publication.reconciler import Reconciler
from undersigned.web.records.models import Document
from undersigned.web.signing.kept_withdrawals import KeptWithdrawals

logger = logging.getLogger(__name__)
PROGRESS_INTERVAL: Final = 60
"""Least time between two progress reports, in seconds: in a public letter nearly every entry is a batch of its own."""
COUNT_INTERVAL: Final = 10
"""Least time between two counts of the used codes, in seconds: a large letter has many."""


class LetterRounds:
    """Runs the clerk's rounds for one letter."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._serve_documents()
        self._log: Log | None = None
        self._facts_refused: tuple[object, ...] = ()
        self._reconciler = Reconciler(letter, world)
        self._files = PageFiles(settings.DATA.pages)
        self._withdrawn = -1
        self._counts: dict[str, int] | None = None
        self._count_time, self._progress_time = -COUNT_INTERVAL, -PROGRESS_INTERVAL
        self._kept_withdrawals = KeptWithdrawals(settings.DATA.withdrawn, letter)

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

    def run_round(self, *, only_log: bool = False) -> bool:
        """Does everything that is due now. Returns whether the log grew.

        A letter whose database is behind its log is halted, and none of its files are touched; other letters go on.
        """
        log = self._log or self._open_log()
        if log is None:
            self._kept_withdrawals.keep()
            return False
        try:
            grew = log.run_round()
        except (MovedError, BehindError) as error:
            logger.warning("%s: its log is opened again: %s", self._letter.slug, error)
            self._log = None
            self._reconciler.cancel()
            return False
        self._update_progress(grew)
        if only_log:
            return grew
        standing = log.standing
        self._reconciler.reconcile(standing)
        if standing.withdrawn != self._withdrawn:
            # After the editions: from here on no proof can name a person who has withdrawn.
            erase_pages(letter=self._letter, files=self._files, by="clerk", now=self._world.clock())
            self._withdrawn = standing.withdrawn
        return grew

    def _update_progress(self, grew: bool) -> None:
        """Updates the organiser's count of used codes. It changes only with a batch, so it tells no one's moment."""
        if grew and connection.vendor == "postgresql":
            move_uses(letter=self._letter.pk)
        now = self._world.clock()
        if grew and not 0 <= now - self._count_time < COUNT_INTERVAL:
            # Counted now even if it is stored later: codes used after this batch must not be in it.
            self._counts, self._count_time = count_codes(letter=self._letter.pk), now
        if self._counts is not None and not 0 <= now - self._progress_time < PROGRESS_INTERVAL:
            store_progress(letter=self._letter.pk, counts=self._counts)
            self._counts, self._progress_time = None, now

    def cancel(self) -> None:
        """Cancels background jobs."""
        self._reconciler.cancel()

    def _open_log(self) -> Log | None:
        """Opens the log; None if it may not go on. Tries again only when the facts that forbade it have changed."""
        facts = self._rollback_facts()
        if facts == self._facts_refused:
            return None
        try:
            self._log = Log(self._letter, self._world)
        except BehindError as error:
            logger.error("%s", error)  # noqa: TRY400 - the sentence says it
            self._facts_refused = facts
            halt(self._letter.pk, halted=True)
            return None
        self._facts_refused = ()
        halt(self._letter.pk, halted=False)
        self._kept_withdrawals.give_back(self._world.clock())
        return self._log

    def _rollback_facts(self) -> tuple[object, ...]:
        """What decides whether the database has been rolled back: its size, and the checkpoints known elsewhere."""
        slug = self._letter.slug
        served, remembered = self._world.storage.get(f"{slug}/log/checkpoint"), self._world.signed_checkpoints.get(slug)
        return (log_size(self._letter.pk), served, remembered)
