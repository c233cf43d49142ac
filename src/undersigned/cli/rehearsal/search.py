"""Multi-pattern search in one pass (Wu, Manber: A Fast Algorithm for Multi-Pattern Searching, 1994).

A window moves over the data; the four bytes at its end determine how far it can jump without missing a match. Hundreds
of thousands of needles cost little more than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .needles import SHORTEST

_BLOCK: Final = 4


class Finder:
    """Finds any of ``needles``, each at least ``SHORTEST`` bytes long, with the number that belongs to each."""

    def __init__(self, needles: Mapping[bytes, int]) -> None:
        self.longest = max(map(len, needles), default=SHORTEST)
        self._buckets: dict[bytes, list[tuple[bytes, int]]] = {}
        for needle, number in needles.items():
            self._buckets.setdefault(needle[:SHORTEST], []).append((needle, number))
        self._shift: dict[bytes, int] = {}
        last = SHORTEST - _BLOCK
        for head in self._buckets:
            for start in range(last + 1):
                block = head[start : start + _BLOCK]
                self._shift[block] = min(last - start, self._shift.get(block, last + 1))

    def find(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Offset and number of each needle in ``data``, by offset."""
        shift, buckets, back = self._shift.get, self._buckets.get, SHORTEST - _BLOCK
        position, end = back, len(data) - _BLOCK
        while position <= end:
            jump = shift(data[position : position + _BLOCK], back + 1)
            if jump:
                position += jump
                continue
            start = position - back
            for needle, number in buckets(data[start : position + _BLOCK], ()):
                if data.startswith(needle, start):
                    yield start, number
            position += 1
