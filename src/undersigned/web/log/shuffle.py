"""The order of a batch: random, but a key's own entries follow one another as they must, and an act stands last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from undersigned.web.ports import Entropy


class Shuffled(Protocol):
    """What the shuffle looks at."""

    @property
    def leaf(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def seq(self) -> int: ...


Row = TypeVar("Row", bound=Shuffled)
_SIGNATORIES = ("sign", "withdraw")


def permutation(size: int, entropy: Entropy) -> list[int]:
    """A permutation of 0..size-1, each equally likely (Fisher and Yates)."""
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        other = below(last + 1, entropy)
        order[last], order[other] = order[other], order[last]
    return order


def below(limit: int, entropy: Entropy) -> int:
    """A number uniform in 0..limit-1."""
    length = (limit.bit_length() + 7) // 8
    # Numbers above the largest multiple of the limit would make small ones likelier.
    bound = (256**length // limit) * limit
    while True:
        number = int.from_bytes(entropy(length), "big")
        if number < bound:
            return number % limit


def shuffled(rows: Sequence[Row], entropy: Entropy) -> list[Row]:
    """``rows`` of one batch in the order in which they enter the log."""
    # Sorted first: the order in which the database hands them out must not matter even to the random generator.
    people = sorted((row for row in rows if row.kind in _SIGNATORIES), key=lambda row: row.leaf)
    mixed = [people[i] for i in permutation(len(people), entropy)]
    own: dict[str, list[Row]] = {}
    for row in mixed:
        own.setdefault(row.key, []).append(row)
    for entries in own.values():
        entries.sort(key=lambda row: (row.kind == "withdraw", row.seq), reverse=True)
    # Each place in the mixed order stays its key's; which of the key's entries stands there follows their own order.
    placed = [own[row.key].pop() for row in mixed]
    return placed + [row for row in rows if row.kind not in _SIGNATORIES]
