"""The history of the count, batch by batch, for the chart and ``history.json``.

It has no times: a batch may be a single person, and when a person signed must not be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from undersigned.protocol import canonical

MAX_STEPS: Final = 1000
"""Most steps in the file; in longer histories each step covers several batches."""


@dataclass(frozen=True, slots=True)
class Batch:
    """First signatures and withdrawals of one batch, or of several together."""

    signed: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the history. ``count``: after it. ``batches``: how many it covers."""

    signed: int
    withdrawn: int
    count: int
    batches: int


def steps(batches: Sequence[Batch], most: int) -> list[Step]:
    """Groups batches into at most ``most`` steps of equally many batches (the last may cover fewer)."""
    if not batches:
        return []
    each = -(-len(batches) // most)
    found: list[Step] = []
    count = 0
    for start in range(0, len(batches), each):
        part = batches[start : start + each]
        signed, withdrawn = sum(b.signed for b in part), sum(b.withdrawn for b in part)
        count += signed - withdrawn
        found.append(Step(signed, withdrawn, count, len(part)))
    return found


def peak(batches: Sequence[Batch]) -> int:
    """The highest count after any batch."""
    highest = count = 0
    for batch in batches:
        count += batch.signed - batch.withdrawn
        highest = max(highest, count)
    return highest


def history_file(batches: Sequence[Batch]) -> bytes:
    """``history.json``: ``{"batches":n,"steps":[{"batches":n,"count":n,"signed":n,"withdrawn":n}, ..]}``."""
    rows = [
        {"batches": s.batches, "count": s.count, "signed": s.signed, "withdrawn": s.withdrawn}
        for s in steps(batches, MAX_STEPS)
    ]
    return canonical.encode({"batches": len(batches), "steps": rows})
