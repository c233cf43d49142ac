"""One letter on the clerk's desk: its log, then everything that follows from it."""

from __future__ import annotations

from django.conf import settings

from undersigned.web.editions.upkeep import Upkeep
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Document
from undersigned.web.log.sequence import Log
from undersigned.web.ports import World
from undersigned.web.press.actions import erase_pages
from undersigned.web.press.files import PageFiles


class LetterDesk:
    """What the clerk does for one letter, round after round."""

    def __init__(self, letter: KnownLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._serve_documents()
        self._log = Log(letter, world)
        self._upkeep = Upkeep(letter, world)
        self._files = PageFiles(settings.DATA.pages)
        self._withdrawn = -1

    def _serve_documents(self) -> None:
        for document in Document.objects.filter(letter=self._letter.pk):
            path, data = f"{self._letter.slug}/{document.path}", bytes(document.data)
            if self._world.storage.get(path) != data:
                self._world.storage.put(path, data)

    @property
    def replaced(self) -> int:
        """How many entries of the log deleted an object: edits and withdrawals."""
        standing = self._log.standing
        return len(standing.objects) - standing.signed + standing.withdrawn

    def round(self, *, only_log: bool = False) -> bool:
        """Everything there is to do now. Returns whether the log grew."""
        grew = self._log.round()
        if only_log:
            return grew
        standing = self._log.standing
        self._upkeep.round(standing)
        if standing.withdrawn != self._withdrawn:
            # After the editions: no page of an edition whose names are gone can be proved any more.
            erase_pages(letter=self._letter, files=self._files, by="clerk", now=self._world.clock())
            self._withdrawn = standing.withdrawn
        return grew
