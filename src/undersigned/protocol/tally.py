"""The number an edition states, and its breakdown: the source of every count that a document shows.

The number is ``standing``: all signatories who signed before the edition closed and have not withdrawn. Those whose
name is left out after review, or who sealed something that cannot be read, are still counted (protocol.md
sections 6 and 7), so a page that adds up the names it prints gets less than the number. ``unnamed`` and ``outside`` say
how much less, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .edition import Counts


@dataclass(frozen=True, slots=True)
class Tally:
    """``number`` = ``named`` + ``initials`` + ``anonymous`` + ``void`` + ``unresolved`` + ``struck``.

    ``groups``: everybody in each group, anonymous signatories included; who is struck, void or unresolved has no group
    that anybody else could check.
    """

    number: int
    named: int
    initials: int
    anonymous: int
    void: int
    unresolved: int
    struck: int
    groups: Mapping[str, int]

    @property
    def listed(self) -> int:
        """How many lines a list of signatories has: names and initials."""
        return self.named + self.initials

    @property
    def unnamed(self) -> int:
        """How many are counted and not on that list, for whatever reason."""
        return self.number - self.listed

    def outside(self, groups: Iterable[str]) -> int:
        """How many are counted and in none of ``groups``."""
        return self.number - sum(self.groups.get(group, 0) for group in groups)


def tally(counts: Counts) -> Tally:
    """The number and its breakdown, from the ``counts`` of edition.json or counts.json."""
    return Tally(
        number=counts.standing,
        named=counts.named,
        initials=counts.initials,
        anonymous=counts.anonymous,
        void=counts.void,
        unresolved=counts.unresolved,
        struck=counts.struck,
        groups=counts.groups,
    )
