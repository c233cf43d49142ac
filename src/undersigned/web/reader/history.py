"""The count per batch, as figures: for the chart, for a file, for whoever asks how it grew.

It has no times: a batch may be one person, and when somebody signed is nobody's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from undersigned.protocol import canonical

MOST: Final = 1000
"""Steps a file has at most; longer histories are told in steps of several batches."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch, or several together, added: first signatures and withdrawals."""

    signed: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Step:
    """``count``: after it. ``batches``: how many it covers."""

    signed: int
    withdrawn: int
    count: int
    batches: int


def steps(batches: Sequence[Batch], most: int) -> list[Step]:
    """The batches as at most ``most`` steps of equal numbers of batches (the last may cover fewer)."""
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
        for s in steps(batches, MOST)
    ]
    return canonical.encode({"batches": len(batches), "steps": rows})
