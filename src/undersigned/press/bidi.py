"""Bidirectional levels and reordering of a line (UAX 9), by ICU: an implementation independent of the typesetter's."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from undersigned.languages import direction

_TURNS = frozenset(("R", "AL", "AN", "RLE", "LRE", "RLO", "LRO", "RLI", "LRI", "FSI"))
T = TypeVar("T")


def levels(text: str, *, rtl: bool) -> Sequence[int]:
    """The embedding level of each character of the paragraph ``text``: odd ones run from right to left."""
    if not rtl and (text.isascii() or not any(unicodedata.bidirectional(c) in _TURNS for c in text)):
        # Fast path: most lines hold left-to-right characters only, and calling ICU for each is measurably slower.
        return bytes(len(text))
    return direction.levels(text, rtl=rtl) if text else []


def reorder(items: Sequence[T], depths: Sequence[int]) -> list[T]:
    """``items`` of one line in visual order, from the left (UAX 9, rule L2). ``depths``: the level of each."""
    line = list(items)
    deepest = max(depths, default=0)
    if deepest == 0:
        return line
    places = list(range(len(line)))
    for depth in range(deepest, 0, -1):
        start = 0
        while start < len(places):
            if depths[places[start]] < depth:
                start += 1
                continue
            end = start
            while end < len(places) and depths[places[end]] >= depth:
                end += 1
            places[start:end] = places[start:end][::-1]
            start = end
    return [line[place] for place in places]
