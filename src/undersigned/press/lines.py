"""Line breaking: justified paragraphs without wide gaps, ragged-right entries, balanced headlines and columns.

All widths are in ems of the type they are set in, so one measurement serves every size. Justification optimises a whole
paragraph at once (after Knuth and Plass, "Breaking Paragraphs into Lines", 1981): it minimises the sum of squared
demerits, where one gap wider than ``MAX_GAP`` costs more than any number of lines without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .names import Word

MIN_GAP: Final = 0.80
"""The narrowest word space in a justified line, as a share of the natural one."""
MAX_GAP: Final = 0.50
"""The widest word space in ems; wider ones form rivers."""


NEAR: Final = 0.25
"""A ragged line within this distance of the measure, in ems, is stretched to exactly the measure."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words ``start`` to ``end`` of a paragraph, with word spaces of ``gap`` ems, ``width`` ems in all.

    ``full``: the engine stretches the spaces so that the line has exactly ``width``. Needed because of kerning with the
    space after a letter, which measuring words one by one does not see.
    """

    start: int
    end: int
    gap: float
    width: float
    full: bool = False


@dataclass(frozen=True, slots=True)
class Units:
    """A paragraph as unbreakable units: first words, widths without stretchable spaces, inner spaces, spaces before."""

    starts: list[int]
    widths: list[float]
    inner: list[int]
    lead: list[int]

    @classmethod
    def of(cls, words: Sequence[Word], widths: Sequence[float], measure: float, space: float) -> Units:
        """The units of ``words`` for lines of ``measure``. An overlong word is split; no other word is."""
        starts: list[int] = []
        out: list[float] = []
        inner: list[int] = []
        lead: list[int] = []
        i = 0
        while i < len(words):
            j = i + 1
            width, spaces = widths[i], 0
            while j < len(words) and words[j].glue in "~+!" and words[j].glue:
                width += widths[j]
                spaces += words[j].glue == "~"
                j += 1
            cuts = [(i, j, width, spaces)]
            if width + spaces * space > measure:
                cuts = _split_unit(words, widths, i, j)
            for k, (a, _, w, s) in enumerate(cuts):
                starts.append(a)
                out.append(w)
                inner.append(s)
                lead.append(int(words[a].glue in (" ", "~")) if k else int(words[a].glue == " "))
            i = j
        return cls(starts, out, inner, lead)


def _split_unit(words: Sequence[Word], widths: Sequence[float], i: int, j: int) -> list[tuple[int, int, float, int]]:
    """Splits an overlong unit at emergency breaks and no-break spaces; a separator stays with the next part."""
    cuts: list[tuple[int, int, float, int]] = []
    start, width, spaces = i, widths[i], 0
    for k in range(i + 1, j):
        held = words[k].glue == "+" or (words[k].glue == "~" and words[k].owner < 0)
        if held:
            # A no-break space is stretched with the line's other spaces, so it has to be counted as one of them.
            width += widths[k]
            spaces += words[k].glue == "~"
            continue
        cuts.append((start, k, width, spaces))
        start, width, spaces = k, widths[k], 0
    cuts.append((start, j, width, spaces))
    return cuts


def justify(units: Units, count: int, measure: float, space: float, indent: float = 0.0) -> list[Line]:
    """Lines of exactly ``measure``, the last one natural. ``indent``: of the first line. ``count``: number of words."""
    n = len(units.widths)
    if n == 0:
        return []
    widths, inner, lead = units.widths, units.inner, units.lead
    low = space * MIN_GAP
    stretch = MAX_GAP - space
    best = [float("inf")] * (n + 1)
    back = [0] * (n + 1)
    gaps = [space] * (n + 1)
    best[0] = 0.0
    for i in range(n):
        base = best[i]
        room = measure - indent if i == 0 else measure
        natural, spaces = 0.0, 0
        for j in range(i, n):
            natural += widths[j]
            spaces += inner[j] + (lead[j] if j > i else 0)
            if natural + spaces * low > room and j > i:
                break
            if j + 1 == n and natural + spaces * space <= room:
                gap, cost = space, 0.0
            elif spaces == 0:
                gap, cost = space, 400.0 + 50 * max(0.0, room - natural)
            else:
                gap = (room - natural) / spaces
                if gap < low:
                    # An unbreakable unit wider than the line overruns it, but its words never touch.
                    gap, cost = low, 400.0 + 50 * (natural + spaces * low - room)
                elif gap > MAX_GAP:
                    cost = 100.0 + 400 * (gap - MAX_GAP)
                elif gap > space:
                    cost = (0.1 + 1.5 * ((gap - space) / stretch) ** 2) ** 2
                else:
                    cost = (0.1 + ((space - gap) / (space - low)) ** 2) ** 2
            total = base + cost + 0.02
            if total < best[j + 1]:
                best[j + 1], back[j + 1], gaps[j + 1] = total, i, gap
    lines: list[Line] = []
    end = n
    while end > 0:
        start = back[end]
        last = units.starts[end] if end < n else count
        gap = gaps[end]
        spaces = sum(inner[start:end]) + sum(lead[start + 1 : end])
        if gap > MAX_GAP:  # a short line is better than a river
            gap = MAX_GAP if end < n else space
        width = sum(widths[start:end]) + spaces * gap
        full = end < n and spaces > 0 and abs(width - (measure - (0.0 if start else indent))) < 1e-6
        lines.append(Line(units.starts[start], last, gap, width, full))
        end = start
    lines.reverse()
    return lines


def ragged(units: Units, count: int, measure: float, space: float, indent: float = 0.0) -> list[Line]:
    """First-fit lines, ragged right; all but the first are shorter by ``indent``."""
    lines: list[Line] = []
    n = len(units.widths)
    start, width = 0, 0.0
    room = measure

    def line(end: int, last: int) -> Line:
        # Stretch a line that just fits to exactly the measure: a space from another face may be slightly wider.
        near = room - NEAR < width <= room and sum(units.inner[start:end]) + sum(units.lead[start + 1 : end]) > 0
        return Line(units.starts[start], last, space, room if near else width, near)

    for i in range(n):
        own = units.widths[i] + units.inner[i] * space
        more = own + units.lead[i] * space
        if i > start and width + more > room:
            lines.append(line(i, units.starts[i]))
            start, width, room = i, own, measure - indent
        else:
            width += more if i > start else own
    if n:
        lines.append(line(n, count))
    return lines


def balanced(units: Units, count: int, measure: float, space: float) -> list[Line]:
    """As few ragged lines as ``measure`` allows, of lengths as even as possible: for headlines."""
    lines = ragged(units, count, measure, space)
    few = len(lines)
    low, high = measure / 2, measure
    for _ in range(12):
        middle = (low + high) / 2
        trial = ragged(units, count, middle, space)
        if len(trial) <= few and all(line.width <= middle for line in trial):
            high, lines = middle, trial
        else:
            low = middle
    return lines
