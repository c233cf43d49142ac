"""Converts words and a line break to a positioned line: word spaces, isolates, font pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .lines import Line
from .names import Word, direction_of
from .sheet import Anchor, SetLine

_OPEN: Final = {"ltr": "\u2066", "rtl": "\u2067"}
_CLOSE: Final = "\u2069"
_GLUE: Final = {" ": " ", "~": "\u00a0"}


def set_words(
    words: Sequence[Word],
    line: Line,
    x: float,
    y: float,
    size: float,
    space: float,
    lang: str,
    *,
    anchor: Anchor | None = None,
) -> SetLine:
    """Places ``words[line.start:line.end]`` with its start edge (or middle) at ``x``. ``space``: natural, in ems.

    If an isolated name continues on the next line, each part is isolated. By UAX 9 the order is the same as with one
    isolate, because its direction is explicit, never inferred from the part's first letter.
    """
    side = direction_of(lang)
    pieces: list[tuple[str, str]] = []
    entries: list[tuple[int, str]] = []
    opened = ""
    owner = -1
    for i in range(line.start, line.end):
        word = words[i]
        glue = _GLUE.get(word.glue, "") if i > line.start else ""
        if glue and line.full:
            glue = "\u00a0"  # the engine may stretch this space but not break here: the break has been decided
        if opened and (word.side != opened or word.owner != owner):
            _add(pieces, pieces[-1][0], _CLOSE)
            opened = ""
        text = word.text
        if word.side and not opened:
            text = _OPEN[word.side] + text
            opened = word.side
        _add(pieces, word.face, glue + text, apart=i > line.start and word.glue == "!")
        owner = word.owner
        if owner >= 0:
            if entries and entries[-1][0] == owner:
                entries[-1] = (owner, entries[-1][1] + glue + word.text)
            else:
                entries.append((owner, word.text))
    if opened:
        _add(pieces, pieces[-1][0], _CLOSE)
    if anchor is None:
        anchor = "l" if side == "ltr" else "r"
    extra = round((line.gap - space) * size, 4)
    width = 0.0
    if line.full:
        width, extra = round(line.width * size, 3), 0.0
    return SetLine(round(x, 3), round(y, 3), anchor, size, extra, side, lang, tuple(pieces), tuple(entries), width)


def _add(pieces: list[tuple[str, str]], face: str, text: str, *, apart: bool = False) -> None:
    # The parts of an overlong word were measured one by one, so each is itemised by itself too.
    if pieces and pieces[-1][0] == face and not apart:
        pieces[-1] = (face, pieces[-1][1] + text)
    else:
        pieces.append((face, text))
