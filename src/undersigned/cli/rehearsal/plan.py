"""The plan of a rehearsal: who does what, and the figures that must result."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from undersigned.client.errors import InputError
from undersigned.client.registrar import Person
from undersigned.client.signer import As

from . import people
from .people import GROUPS


@dataclass(frozen=True, slots=True)
class Size:
    """The figures from the command line."""

    signatories: int = 1000
    withdraw: int = 25
    join: int = 8
    initials: int = 5
    anonymous: int = 60
    trustees: int = 3
    threshold: int = 2
    seed: int = 1

    def check(self) -> None:
        """Raises InputError for figures that contradict each other."""
        if min(self.signatories, self.withdraw, self.join, self.initials, self.anonymous, self.seed) < 0:
            raise InputError("no figure may be below zero")
        if not 2 <= self.threshold <= self.trustees <= 9:
            raise InputError("2 <= --threshold <= --trustees <= 9")
        if self.initials + self.anonymous > self.signatories:
            raise InputError("more initials and anonymous than signatories")
        named = self.signatories - self.initials - self.anonymous
        if self.withdraw + 1 > named:
            raise InputError("after the withdrawals at least one named signatory must be left, to be struck")


@dataclass(frozen=True, slots=True)
class Part:
    """One invented signatory's part. ``place``: index into the roll; ``as_``: how the name appears."""

    place: int
    person: Person
    as_: As
    joins: bool = False
    withdraws: bool = False
    struck: bool = False

    @property
    def stands(self) -> bool:
        """Whether the signature is standing at the cut."""
        return not self.withdraws


@dataclass(frozen=True, slots=True)
class Plan:
    """The signatories and what each does. ``roll``: everyone who may sign, more than do."""

    size: Size
    roll: list[Person]
    parts: list[Part]

    @property
    def first(self) -> list[Part]:
        """Those who sign before the notice."""
        return [part for part in self.parts if not part.joins]

    @property
    def joining(self) -> list[Part]:
        """Those who sign after it."""
        return [part for part in self.parts if part.joins]

    @property
    def struck(self) -> Part:
        """The signatory who asks to be left out."""
        return next(part for part in self.parts if part.struck)

    def figures(self) -> dict[str, Any]:
        """The figures that the edition and the verifier must report, computed from the plan alone."""
        shown = [part for part in self.parts if part.stands and not part.struck]
        kinds = Counter(part.as_ for part in shown)
        groups = Counter(part.person.record.group for part in shown)
        size = self.size
        return {
            "signed": size.signatories + size.join,
            "withdrawn": size.withdraw,
            "standing": size.signatories + size.join - size.withdraw,
            "since added": size.join,
            "since withdrawn": size.withdraw,
            "struck": 1,
            "named": kinds["name"],
            "initials": kinds["initials"],
            "anonymous": kinds["anonymous"],
            "void": 0,
            "unresolved": 0,
            **{f"group {group}": groups[group] for group in GROUPS},
        }


def make(size: Size) -> Plan:
    """The plan for ``size``. Deterministic: the same seed gives the same people. Raises InputError."""
    size.check()
    source = random.Random(size.seed + 1)  # noqa: S311 - who plays whom, not a key
    signing = size.signatories + size.join
    # The roll is larger than the number of signatories: a third of the people on it do not sign.
    roll = people.invent(size.seed, signing + signing // 2 + 1)
    places = source.sample(range(len(roll)), signing)
    named_first: As = "name"
    kinds: list[As] = [named_first] * size.signatories
    kinds[: size.initials] = ["initials"] * size.initials
    kinds[size.initials : size.initials + size.anonymous] = ["anonymous"] * size.anonymous
    source.shuffle(kinds)
    named = [number for number, kind in enumerate(kinds) if kind == "name"]
    *leaving, struck = source.sample(named, size.withdraw + 1)
    parts = [
        Part(place, roll[place], kinds[number], withdraws=number in set(leaving), struck=number == struck)
        for number, place in enumerate(places[: size.signatories])
    ]
    parts += [Part(place, roll[place], "name", joins=True) for place in places[size.signatories :]]
    return Plan(size, roll, parts)
