"""Shaping runs: pieces of a text with one face, one direction and one script, shaped with HarfBuzz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fontTools import unicodedata as scripts

from .shaping import FontInstance, glyphs_of, ink_of

_ANY: Final = frozenset(("Zyyy", "Zinh", "Zzzz"))


@dataclass(frozen=True, slots=True)
class Run:
    """A shaped run: its visible glyphs from left to right, each with its text position (cluster).

    ``ink`` in square ems; ``low`` and ``high``: of its outlines, in ems from the baseline.
    """

    instance: FontInstance
    level: int
    place: int
    glyphs: list[int]
    places: list[int]
    ink: float
    low: float
    high: float


@lru_cache(maxsize=100_000)
def _shaped(instance: FontInstance, text: str, rtl: bool, language: str) -> tuple[Any, ...]:
    """The visible glyphs, their clusters, their ink, and their lowest and highest point."""
    found = [(glyph, place, ink_of(instance, glyph)) for glyph, place in glyphs_of(instance, text, rtl, language)]
    found = [row for row in found if row[2].area]
    if not found:
        return [], [], 0.0, 0.0, 0.0
    inks = [ink for _, _, ink in found]
    glyphs, places = [glyph for glyph, _, _ in found], [place for _, place, _ in found]
    return glyphs, places, sum(i.area for i in inks), min(i.box[1] for i in inks), max(i.box[3] for i in inks)


def run_of(instance: FontInstance, text: str, level: int, place: int, language: str) -> Run:
    """Shapes ``text``, which begins at ``place``, in one face at one bidirectional level (UAX 9) and ``language``."""
    return Run(instance, level, place, *_shaped(instance, text, bool(level % 2), language))


def part_of(runs: Sequence[Run], start: int, number: int) -> list[Run]:
    """The part of ``runs`` on one of several lines: ``number`` glyphs from ``start``, in logical order."""
    found: list[Run] = []
    for run in runs:
        size = len(run.glyphs)
        low, high = max(0, start), min(size, start + number)
        if low < high:
            # In a right-to-left run, the first glyphs of the text are the last ones from the left.
            instance = slice(size - high, size - low) if run.level % 2 else slice(low, high)
            inks = [ink_of(run.instance, glyph) for glyph in run.glyphs[instance]]
            ink, least, most = sum(i.area for i in inks), min(i.box[1] for i in inks), max(i.box[3] for i in inks)
            found.append(
                Run(run.instance, run.level, run.place, run.glyphs[instance], run.places[instance], ink, least, most)
            )
        start -= size
        if start + number <= 0:
            break
    return found


def segments(piece: str, depths: Sequence[int], offset: int) -> Iterator[tuple[int, int]]:
    """``piece`` split where the level or the script changes, as the engine itemises it."""
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
