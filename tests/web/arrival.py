"""Does something tell in which order people came? Rank correlation, and what chance alone would give."""

from __future__ import annotations

from collections.abc import Sequence

PEOPLE = 40
CHANCE = 0.7
"""Spearman's rho of two unrelated orders of 40 is larger than this, either way, once in 80,000 times (it is nearly
normal with variance 1/39)."""


def ranks(values: Sequence[float]) -> list[float]:
    """1..n; equal values share the mean of their ranks, so that ties tell nothing."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            found[place] = (first + last) / 2 + 1
        first = last + 1
    return found


def rho(values: Sequence[float], other: Sequence[float] | None = None) -> float:
    """Spearman's rank correlation of ``values`` with ``other``, or with their own order."""
    left = ranks(values)
    right = ranks(range(len(values)) if other is None else other)
    middle = (len(values) + 1) / 2
    spread = [sum((x - middle) ** 2 for x in side) for side in (left, right)]
    if not all(spread):
        # All the same: nothing is told.
        return 0.0
    shared = sum((x - middle) * (y - middle) for x, y in zip(left, right, strict=True))
    return float(shared / (spread[0] * spread[1]) ** 0.5)


def tells(values: Sequence[float]) -> bool:
    """Whether ``values``, one for each person in the order of their coming, tell that order."""
    return abs(rho(values)) > CHANCE
