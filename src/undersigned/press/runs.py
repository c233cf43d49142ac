"""Runs: what HarfBuzz shapes together, which is one face, one direction and one script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fontTools import unicodedata as scripts

from .shaping import Cut, glyphs_of, ink_of

_ANY: Final = frozenset(("Zyyy", "Zinh", "Zzzz"))


@dataclass(frozen=True, slots=True)
class Run:
    """What is shaped together: glyphs that paint something, from left to right, and where in the text each begins.

    ``ink`` in square ems; ``low`` and ``high``: of its outlines, in ems from the baseline.
    """

    cut: Cut
    level: int
    place: int
    glyphs: list[int]
    places: list[int]
    ink: float
    low: float
    high: float


@lru_cache(maxsize=100_000)
def _shaped(cut: Cut, text: str, rtl: bool, language: str) -> tuple[Any, ...]:
    """The glyphs that paint something, their places, their ink, and how low and high it reaches."""
    found = [(glyph, place, ink_of(cut, glyph)) for glyph, place in glyphs_of(cut, text, rtl, language)]
    found = [row for row in found if row[2].area]
    if not found:
        return [], [], 0.0, 0.0, 0.0
    inks = [ink for _, _, ink in found]
    glyphs, places = [glyph for glyph, _, _ in found], [place for _, place, _ in found]
    return glyphs, places, sum(i.area for i in inks), min(i.box[1] for i in inks), max(i.box[3] for i in inks)


def run_of(cut: Cut, text: str, level: int, place: int, language: str) -> Run:
    """``text``, which begins at ``place``, shaped in one face at one level (UAX 9) as ``language`` shapes it."""
    return Run(cut, level, place, *_shaped(cut, text, bool(level % 2), language))


def part_of(runs: Sequence[Run], start: int, number: int) -> list[Run]:
    """What of ``runs`` stands on one of several lines: ``number`` glyphs from ``start`` on, in logical order."""
    found: list[Run] = []
    for run in runs:
        size = len(run.glyphs)
        low, high = max(0, start), min(size, start + number)
        if low < high:
            # From right to left the first of a text are the last of a line.
            cut = slice(size - high, size - low) if run.level % 2 else slice(low, high)
            inks = [ink_of(run.cut, glyph) for glyph in run.glyphs[cut]]
            ink, least, most = sum(i.area for i in inks), min(i.box[1] for i in inks), max(i.box[3] for i in inks)
            found.append(Run(run.cut, run.level, run.place, run.glyphs[cut], run.places[cut], ink, least, most))
        start -= size
        if start + number <= 0:
            break
    return found


def segments(piece: str, depths: Sequence[int], offset: int) -> Iterator[tuple[int, int]]:
    """``piece`` cut where the level or the script changes, as it is shaped."""
    if piece.isascii() and not any(depths[offset : offset + len(piece)]):
        yield 0, len(piece)
        return
    start, script = 0, "Zyyy"
    for place, character in enumerate(piece):
        here = _script(character)
        other = here not in _ANY and script not in _ANY and here != script
        if place > start and (other or depths[offset + place] != depths[offset + place - 1]):
            yield start, place
            start, script = place, here
        elif script in _ANY:
            script = here
    if piece:
        yield start, len(piece)


_SCRIPTS: dict[str, str] = {}


def _script(character: str) -> str:
    found = _SCRIPTS.get(character)
    if found is None:
        found = _SCRIPTS[character] = scripts.script(character)
    return found
