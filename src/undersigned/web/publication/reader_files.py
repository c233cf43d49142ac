"""Writes a letter's files for readers and the press: pages, history, feed, press kit, embedded count, pictures."""

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
from undersigned.web.reader.letter import LetterView, letter_page
from undersigned.web.reader.press_kit import press_kit
from undersigned.web.reader.state import State

logger = logging.getLogger(__name__)
UPDATE_INTERVAL: Final = 5
"""Seconds between two updates."""
PICTURE_INTERVAL: Final = 60
"""Seconds between two pictures: one takes 50 ms to render, and the sites that show it cache it for hours."""


def place_letter_pages(letter: FixedLetter, view: LetterView, state: State, world: World) -> None:
    """Writes the letter's own page in each language; the first language's also at the letter's address."""
    world.storage.put(f"{letter.slug}/history.json", history_file(view.batches))
    for language in letter.manifest.languages:
        page = letter_page(view, state, language)
        world.storage.put(f"{letter.slug}/{language}/index.html", page)
        if language == letter.manifest.languages[0]:
            world.storage.put(f"{letter.slug}/index.html", page)


class ReaderFiles:
    """Keeps one letter's feed, press kit, embedded count and pictures up to date.

    They follow the log within seconds rather than with each batch: a letter in seven languages has about fifty such
    files, and no signature should wait for them.
    """

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._written: Any = None
        self._state: State | None = None
        self._picture_state: tuple[int, State] | None = None
        self._update_time = self._picture_time = -PICTURE_INTERVAL

    def is_due(self, state: State) -> bool:
        """Whether the interval is over, or the letter is in another state: that shows at once."""
        # From 0: a clock that was set back must not stop the feed.
        return state != self._state or not 0 <= self._world.clock() - self._update_time < UPDATE_INTERVAL

    def update(self, view: LetterView, state: State) -> None:
        """Writes the files that have changed since the last update."""
        now = self._update_time = self._world.clock()
        pdfs = self._find_pdfs(sorted(view.counts))
        wanted = (view.standing.size, sorted(view.counts), pdfs, state)
        if wanted != self._written:
            self._place_files(view, state, pdfs)
            self._written = wanted
        picture_state = (view.standing.count, state)
        # A picture's count may be a minute old, but not what it says about names.
        is_time = state != self._state or not 0 <= now - self._picture_time < PICTURE_INTERVAL
        if picture_state != self._picture_state and is_time:
            self._place_pictures(view, state)
            self._picture_state, self._picture_time = picture_state, now
        self._state = state

    def _find_pdfs(self, published: Sequence[int]) -> list[tuple[int, str]]:
        """Number and language of each edition's PDF that is served, the newest edition first."""
        candidates = [(n, tag) for n in reversed(published) for tag in self._letter.manifest.languages]
        has = self._world.storage.has
        return [(n, tag) for n, tag in candidates if has(f"{self._letter.slug}/press/{n}/{tag}.pdf")]

    def _place_files(self, view: LetterView, state: State, pdfs: list[tuple[int, str]]) -> None:
        letter, storage = self._letter, self._world.storage
        counts = [view.counts[number] for number in sorted(view.counts)]
        for language in letter.manifest.languages:
            path = f"{letter.slug}/{language}/feed.atom"
            storage.put(path, feed(view, state, language, counts, storage.get(path), self._world.clock()))
            storage.put(f"{letter.slug}/press/{language}.html", press_kit(view, state, language, pdfs))
            for name, data in embedded(view, state, language).items():
                storage.put(f"{letter.slug}/{name}", data)

    def _place_pictures(self, view: LetterView, state: State) -> None:
        """Writes the share pictures. A title that cannot be set costs the letter its pictures, not its log."""
        for language in self._letter.manifest.languages:
            try:
                files = pictures(view, state, language)
            except PressError as error:
                logger.warning("a letter's share picture could not be rendered: %s", type(error).__name__)
                continue
            for name, data in files.items():
                self._world.storage.put(f"{self._letter.slug}/{name}", data)
