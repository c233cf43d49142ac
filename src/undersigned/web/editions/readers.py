"""What follows from each batch for readers and the press: pages, history, feed, count to embed, pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from undersigned.press.errors import PressError
from undersigned.protocol import edition as editions
from undersigned.web.editions.models import published_editions
from undersigned.web.letters.known import KnownLetter
from undersigned.web.pages.embed import embedded, pictures
from undersigned.web.pages.feed import feed
from undersigned.web.pages.history import history_file
from undersigned.web.pages.letter import Shown, letter_page
from undersigned.web.pages.press_kit import press_kit
from undersigned.web.ports import World

logger = logging.getLogger(__name__)
PAUSE: Final = 5
"""Seconds between two looks."""
REST: Final = 60
"""Seconds between two pictures: one takes 50 ms to set, and sites that show them keep them for hours."""


def place_letter(letter: KnownLetter, shown: Shown, world: World) -> None:
    """Puts the letter's own pages in place, one a language; the first of them also where the letter begins."""
    world.storage.put(f"{letter.slug}/history.json", history_file(shown.batches))
    for language in letter.manifest.languages:
        page = letter_page(shown, language)
        world.storage.put(f"{letter.slug}/{language}/index.html", page)
        if language == letter.manifest.languages[0]:
            world.storage.put(f"{letter.slug}/index.html", page)


class Extras:
    """One letter's feed, press kit, embedded count and pictures. They follow within seconds, so that no batch waits
    for them: a letter in seven languages has some fifty such files."""

    def __init__(self, letter: KnownLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._placed: Any = None
        self._drawn: int | None = None
        self._looked = self._painted = -REST

    def due(self) -> bool:
        """Whether it is time to look again."""
        # A clock that was put back must not stop the feed.
        return not 0 <= self._world.clock() - self._looked < PAUSE

    def round(self, shown: Shown) -> None:
        """Puts in place what has changed since the last look."""
        now = self._looked = self._world.clock()
        printed = self._printed(shown.published)
        state = (shown.standing.size, shown.published, printed)
        if state != self._placed:
            self._place(shown, printed)
            self._placed = state
        if shown.standing.count != self._drawn and not 0 <= now - self._painted < REST:
            self._paint(shown)
            self._drawn, self._painted = shown.standing.count, now

    def _printed(self, published: Sequence[int]) -> list[tuple[int, str]]:
        """Number and language of each edition's PDF that is there, the newest edition first."""
        there = [(n, tag) for n in reversed(published) for tag in self._letter.manifest.languages]
        has = self._world.storage.has
        return [(n, tag) for n, tag in there if has(f"{self._letter.slug}/press/{n}/{tag}.pdf")]

    def _place(self, shown: Shown, printed: list[tuple[int, str]]) -> None:
        letter, storage = self._letter, self._world.storage
        rows = published_editions(letter.pk).defer("data")
        counts = [editions.parse_counts(bytes(row.counts or b"")) for row in rows]
        for language in letter.manifest.languages:
            path = f"{letter.slug}/{language}/feed.atom"
            storage.put(path, feed(shown, language, counts, storage.get(path), self._world.clock()))
            storage.put(f"{letter.slug}/press/{language}.html", press_kit(shown, language, printed))
            for name, data in embedded(shown, language).items():
                storage.put(f"{letter.slug}/{name}", data)

    def _paint(self, shown: Shown) -> None:
        """A title that cannot be set leaves the letter without pictures, not without its log."""
        for language in self._letter.manifest.languages:
            try:
                made = pictures(shown, language)
            except PressError as error:
                logger.warning("no picture of a letter could be set: %s", type(error).__name__)
                continue
            for name, data in made.items():
                self._world.storage.put(f"{self._letter.slug}/{name}", data)
