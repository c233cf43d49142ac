"""What follows from each batch for readers and the press: pages, history, feed, count to embed, pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from undersigned.press.errors import PressError
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import World
from undersigned.web.reader.embed import embedded, pictures
from undersigned.web.reader.feed import feed
from undersigned.web.reader.history import history_file
from undersigned.web.reader.letter import Shown, letter_page
from undersigned.web.reader.press_kit import press_kit
from undersigned.web.reader.state import State

logger = logging.getLogger(__name__)
PAUSE: Final = 5
"""Seconds between two looks."""
REST: Final = 60
"""Seconds between two pictures: one takes 50 ms to set, and sites that show them keep them for hours."""


def place_letter(letter: FixedLetter, shown: Shown, state: State, world: World) -> None:
    """Puts the letter's own pages in place, one a language; the first of them also where the letter begins."""
    world.storage.put(f"{letter.slug}/history.json", history_file(shown.batches))
    for language in letter.manifest.languages:
        page = letter_page(shown, state, language)
        world.storage.put(f"{letter.slug}/{language}/index.html", page)
        if language == letter.manifest.languages[0]:
            world.storage.put(f"{letter.slug}/index.html", page)


class Extras:
    """One letter's feed, press kit, embedded count and pictures. They follow within seconds, so that no batch waits
    for them: a letter in seven languages has some fifty such files."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._placed: Any = None
        self._state: State | None = None
        self._drawn: tuple[int, State] | None = None
        self._looked = self._painted = -REST

    def due(self, state: State) -> bool:
        """Whether it is time to look again: at once when the letter is in another state."""
        # A clock that was put back must not stop the feed.
        return state != self._state or not 0 <= self._world.clock() - self._looked < PAUSE

    def round(self, shown: Shown, state: State) -> None:
        """Puts in place what has changed since the last look."""
        now = self._looked = self._world.clock()
        printed = self._printed(sorted(shown.counts))
        placed = (shown.standing.size, sorted(shown.counts), printed, state)
        if placed != self._placed:
            self._place(shown, state, printed)
            self._placed = placed
        drawn = (shown.standing.count, state)
        # A count may be a minute old; what a picture says of names may not.
        rested = state != self._state or not 0 <= now - self._painted < REST
        if drawn != self._drawn and rested:
            self._paint(shown, state)
            self._drawn, self._painted = drawn, now
        self._state = state

    def _printed(self, published: Sequence[int]) -> list[tuple[int, str]]:
        """Number and language of each edition's PDF that is there, the newest edition first."""
        there = [(n, tag) for n in reversed(published) for tag in self._letter.manifest.languages]
        has = self._world.storage.has
        return [(n, tag) for n, tag in there if has(f"{self._letter.slug}/press/{n}/{tag}.pdf")]

    def _place(self, shown: Shown, state: State, printed: list[tuple[int, str]]) -> None:
        letter, storage = self._letter, self._world.storage
        counts = [shown.counts[number] for number in sorted(shown.counts)]
        for language in letter.manifest.languages:
            path = f"{letter.slug}/{language}/feed.atom"
            storage.put(path, feed(shown, state, language, counts, storage.get(path), self._world.clock()))
            storage.put(f"{letter.slug}/press/{language}.html", press_kit(shown, state, language, printed))
            for name, data in embedded(shown, state, language).items():
                storage.put(f"{letter.slug}/{name}", data)

    def _paint(self, shown: Shown, state: State) -> None:
        """A title that cannot be set leaves the letter without pictures, not without its log."""
        for language in self._letter.manifest.languages:
            try:
                made = pictures(shown, state, language)
            except PressError as error:
                logger.warning("no picture of a letter could be set: %s", type(error).__name__)
                continue
            for name, data in made.items():
                self._world.storage.put(f"{self._letter.slug}/{name}", data)
