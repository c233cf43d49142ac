"""One letter on the clerk's desk: its log, then everything that follows from it."""

from __future__ import annotations

from undersigned.web.editions.upkeep import Upkeep
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Document
from undersigned.web.log.sequence import Log
from undersigned.web.ports import World


class LetterDesk:
    """What the clerk does for one letter, round after round."""

    def __init__(self, letter: KnownLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._serve_documents()
        self._log = Log(letter, world)
        self._upkeep = Upkeep(letter, world)

    def _serve_documents(self) -> None:
        for document in Document.objects.filter(letter=self._letter.pk):
            path, data = f"{self._letter.slug}/{document.path}", bytes(document.data)
            if self._world.storage.get(path) != data:
                self._world.storage.put(path, data)

    def round(self) -> bool:
        """Everything there is to do now. Returns whether the log grew."""
        grew = self._log.round()
        self._upkeep.round(self._log.standing)
        return grew
