"""Reads the names back from the finished PDF and compares them with the edition, line by line.

Lines are read by position: column by column in the page's direction, glyph by glyph from left to right. The expected
lines are derived from the edition: as many letters as each line holds, put into visual order by ICU's implementation of
the Unicode Bidirectional Algorithm, which is independent of the typesetter's. They must agree to the last letter;
spaces and invisible characters are not compared.

A font may raise a letter off the baseline (the meem in Naskh) or place a mark off it: text between two lines belongs to
the nearer one. Letters are compared in order, marks by number per line, because the file may list a cluster's marks
before or after its letter. The glyph proof (proof.py) checks that each mark is on its letter.
"""

from __future__ import annotations

import bisect
import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from undersigned.languages.direction import in_visual_order

from .block import Section
from .clusters import IGNORED
from .content import Painted, Run
from .errors import ReadBackError
from .names import Direction, Entry

_OPEN: Final = {"ltr": "\u2066", "rtl": "\u2067"}
_CLOSE: Final = "\u2069"


@dataclass(frozen=True, slots=True)
class Place:
    """The area of names on one page, in points: columns in reading order as (left, right), top and bottom.

    ``lines``: the baselines of the rows, from the top.
    """

    page: int
    columns: tuple[tuple[float, float], ...]
    top: float
    bottom: float
    lines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Sign:
    """One expected character. ``owner``: its entry, -1 for headings and separators.

    ``spaced``: whether a space is before it. Spaces are not compared, but the bidirectional algorithm needs them:
    "12, 34" is two numbers, "12,34" is one.
    """

    text: str
    owner: int
    side: str
    block: int
    spaced: bool = False


def prove(
    painted: Sequence[Painted],
    places: Sequence[Place],
    sections: Sequence[Section],
    entries: Sequence[Entry],
    page: Direction,
    separator: str,
) -> dict[str, Any]:
    """Returns the figures of the comparison; raises ReadBackError at the first difference, naming the entry.

    ``sections``: the expected words, in order. ``separator``: between entries, "" in a list.
    """
    expected = _expected(sections, separator)
    at = 0
    lines = 0
    for place in places:
        for left, right in place.columns:
            for seen in lines_of(painted[place.page], left, right, place):
                lines += 1
                end = _end(expected, at, sum(1 for c in seen if not _is_mark(c)))
                part = expected[at:end]
                wanted = visual(part, page)
                if not _agree(wanted, seen):
                    _refuse(part, wanted, seen, entries, page)
                at = end
    if at < len(expected):
        owner = next((sign.owner for sign in expected[at:] if sign.owner >= 0), -1)
        name = entries[owner].name if owner >= 0 else ""
        raise ReadBackError(f"the page ends before entry {owner + 1}, {name!r}", owner)
    found = len({sign.owner for sign in expected if sign.owner >= 0})
    if found != len(entries):
        raise ReadBackError(f"{found} entries are on the page, the edition has {len(entries)}")
    return {"entries": found, "of": len(entries), "lines": lines, "characters": len(expected), "differences": 0}


def normalise(text: str) -> str:
    """``text`` normalised for comparison: NFD, without spaces and invisible characters."""
    if text.isascii():
        return text.replace(" ", "")
    bare = IGNORED.sub("", text)
    return "".join(c for c in unicodedata.normalize("NFD", bare) if unicodedata.category(c) not in ("Zs", "Cf", "Cc"))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _end(expected: Sequence[_Sign], at: int, letters: int) -> int:
    """The end of the line that begins ``at`` and holds ``letters`` letters: after the marks on the last one."""
    end = at
    while end < len(expected) and (letters > 0 or _is_mark(expected[end].text)):
        letters -= not _is_mark(expected[end].text)
        end += 1
    return end


def _agree(wanted: str, seen: str) -> bool:
    if wanted == seen:
        return True
    letters = ["".join(c for c in text if not _is_mark(c)) for text in (wanted, seen)]
    marks = [sorted(filter(_is_mark, text)) for text in (wanted, seen)]
    return letters[0] == letters[1] and marks[0] == marks[1]


def _expected(sections: Sequence[Section], separator: str) -> list[_Sign]:
    signs: list[_Sign] = []
    block = 0
    for section in sections:
        rows = [(section.heading, True)] if section.heading else []
        rows += [(entry, False) for entry in section.entries]
        for number, (words, heading) in enumerate(rows):
            after_entry = number > 0 and not rows[number - 1][1]
            if separator and after_entry:
                signs.append(_Sign(separator, -1, "", block, spaced=True))
            for word in words:
                owner = -1 if heading else word.owner
                letters = normalise(word.text)
                signs += [
                    _Sign(c, owner, word.side, block, spaced=place == 0 and word.glue in (" ", "~"))
                    for place, c in enumerate(letters)
                ]
            block += 1
    return signs


def lines_of(painted: Painted, left: float, right: float, place: Place) -> list[str]:
    """The lines painted inside a column, top to bottom, each from left to right, without spaces."""
    rows: list[list[Run]] = [[] for _ in place.lines]
    pitch = min((b - a for a, b in itertools.pairwise(place.lines)), default=place.bottom - place.top)
    for run in painted.runs:
        middle = (run.x0 + run.x1) / 2
        if run.missing:
            raise ReadBackError(f"a glyph is missing in {run.seen!r}")
        # A mark off the baseline in its letter's font repeats the cluster's text: skip it, the letter already gave it.
        # A mark from another font has only its own text: keep it.
        counts = run.ink or (run.seen != "" and all(map(_is_mark, run.seen)))
        if not counts or not (
            left - 1 <= middle <= right + 1 and place.top - 0.1 * pitch <= run.y <= place.bottom + 0.1 * pitch
        ):
            continue
        at = bisect.bisect(place.lines, run.y)
        near = [i for i in (at - 1, at) if 0 <= i < len(rows)]
        if near:
            rows[min(near, key=lambda i: abs(place.lines[i] - run.y))].append(run)
    lines = [_line(runs) for runs in rows]
    return [line for line in lines if line]


def _line(runs: list[Run]) -> str:
    """The text of one line from left to right, sorted by the runs' middles: kerned runs overlap at their starts."""
    ordered = sorted(runs, key=lambda run: (run.x0 + run.x1, run.order))
    return "".join(normalise(run.seen) for run in ordered)


def visual(signs: Sequence[_Sign], page: Direction) -> str:
    """``signs`` in visual order from left to right, on one line of a page with that direction, by ICU."""
    logical: list[str] = []
    opened: tuple[str, int] | None = None
    for sign in signs:
        here = (sign.side, sign.owner) if sign.side else None
        if opened is not None and here != opened:
            logical.append(_CLOSE)
            opened = None
        if sign.spaced:
            logical.append(" ")
        if here is not None and opened is None:
            logical.append(_OPEN[sign.side])
            opened = here
        logical.append(sign.text)
    if opened is not None:
        logical.append(_CLOSE)
    text = "".join(logical)
    if page == "ltr" and text.isascii():
        return text.replace(" ", "")
    return normalise(in_visual_order(text, rtl=page == "rtl"))


def _refuse(part: Sequence[_Sign], wanted: str, seen: str, entries: Sequence[Entry], page: Direction) -> None:
    owners = list(dict.fromkeys(sign.owner for sign in part if sign.owner >= 0))
    # Blame the first entry whose own text is not on the line, not simply the first entry of the line.
    unseen = (o for o in owners if visual([s for s in part if s.owner == o], page) not in seen)
    first = next(unseen, owners[0] if owners else -1)
    name = repr(entries[first].name) if owners else "a heading"
    raise ReadBackError(
        f"the page shows {seen!r} where {wanted!r} belongs (entry {first + 1}: {name})",
        first if owners else None,
        owners,
    )
