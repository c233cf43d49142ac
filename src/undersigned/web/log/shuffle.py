"""Shuffles a batch, so that the log does not tell who signed first.

The order is random, with two exceptions: one key's own entries keep their order, and an organiser's entry comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from undersigned.web.ports import Entropy


class Shuffleable(Protocol):
    """The fields of an entry that the shuffle needs."""

    @property
    def leaf(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def seq(self) -> int: ...


Row = TypeVar("Row", bound=Shuffleable)
_SIGNATORIES = ("sign", "withdraw")


def permutation(size: int, entropy: Entropy) -> list[int]:
    """A uniformly random permutation of 0..size-1 (Fisher-Yates shuffle)."""
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        other = random_below(last + 1, entropy)
        order[last], order[other] = order[other], order[last]
    return order


def random_below(limit: int, entropy: Entropy) -> int:
    """A uniformly random number in 0..limit-1."""
    length = (limit.bit_length() + 7) // 8
    # Rejection sampling: numbers above the largest multiple of the limit would make small results more likely.
    bound = (256**length // limit) * limit
    while True:
        number = int.from_bytes(entropy(length), "big")
        if number < bound:
            return number % limit


def shuffle_batch(rows: Sequence[Row], entropy: Entropy) -> list[Row]:
    """The rows of one batch in the order in which they enter the log."""
    # Sorted first, so that the result does not depend on the order in which the database returns rows.
    people = sorted((row for row in rows if row.kind in _SIGNATORIES), key=lambda row: row.leaf)
    mixed = [people[i] for i in permutation(len(people), entropy)]
    own: dict[str, list[Row]] = {}
    for row in mixed:
        own.setdefault(row.key, []).append(row)
    for entries in own.values():
        entries.sort(key=lambda row: (row.kind == "withdraw", row.seq), reverse=True)
    # The shuffle decides which positions belong to a key; the key's entries fill them in their own order.
    ordered = [own[row.key].pop() for row in mixed]
    return ordered + [row for row in rows if row.kind not in _SIGNATORIES]
