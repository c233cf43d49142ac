"""Sheets: the lines, rules and QR symbols of a page with their positions, in points from the top left corner.

We compute every position; the engine only shapes and draws. So the fit is exact, and preflight can check it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from .names import Direction

MM: Final = 72 / 25.4
"""Points in a millimetre."""
Anchor = Literal["l", "r", "c"]


@dataclass(frozen=True, slots=True)
class SetLine:
    """One line. ``x``: its left edge, right edge or middle, according to ``anchor``; ``y``: its baseline.

    ``extra``: points added to every word space. ``pieces``: (face, text) in order. ``entries``: for each entry on the
    line, (index, its text or the part of it that is here). ``width``: if not 0, stretch the line to so many points.
    """

    x: float
    y: float
    anchor: Anchor
    size: float
    extra: float
    direction: Direction
    lang: str
    pieces: tuple[tuple[str, str], ...]
    entries: tuple[tuple[int, str], ...] = ()
    width: float = 0.0


@dataclass(slots=True)
class Sheet:
    """One page of the booking. ``rules``: (x, y, width, height); ``codes``: (x, y, module, runs as in qr.py)."""

    lines: list[SetLine] = field(default_factory=list)
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)
    codes: list[tuple[float, float, float, list[tuple[int, int, int]]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points, from the top left corner of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height
