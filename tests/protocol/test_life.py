"""A letter's whole life, at random, against a plain model that knows none of the protocol's code (P1 of the bar).

The model is a handful of sets. After every act the protocol's count is the model's; at every cut its open set is the
model's; every edition names whom the model names; and the bundle of every moment verifies.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from letterworld import Kind, LetterWorld, Person
from undersigned.protocol import edition
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.verify import verify_bundle

PEOPLE = 8
NEEDED = 2
who = st.integers(0, PEOPLE - 1)
kinds = st.sampled_from(["name", "initials", "anonymous"])


class Model:
    """What should be true, in sets of numbers of people."""

    def __init__(self) -> None:
        self.signed: dict[int, str] = {}
        self.withdrawn: set[int] = set()
        self.opened: dict[int, int] = {}
        self.struck: set[int] = set()
        self.cuts = 0
        self.noticed = False
        self.abandoned = False
        self.named_in: dict[int, set[int]] = {}

    @property
    def standing(self) -> set[int]:
        return set(self.signed) - self.withdrawn

    def may_sign(self, person: int) -> bool:
        return not self.abandoned and person not in self.withdrawn and person not in self.opened

    def open_set(self, number: int) -> set[int]:
        return {person for person, cut in self.opened.items() if cut == number}

    def published(self, number: int) -> set[int]:
        """Whom edition ``number`` must name, published now."""
        covered = {person for person, cut in self.opened.items() if cut <= number}
        return {p for p in covered - self.withdrawn - self.struck if self.signed[p] != "anonymous"}


class Life(RuleBasedStateMachine):
    """One letter, every act at any time; the model says whether it must be taken."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    @initialize(sealed=st.booleans())
    def begin(self, sealed: bool) -> None:
        self.world = LetterWorld(PEOPLE, signatures=NEEDED, sealed=sealed)

    def must(self, allowed: bool, act: Callable[[], object]) -> bool:
        """Does ``act``, which must be taken if the model allows it and refused otherwise."""
        if allowed:
            act()
        else:
            with pytest.raises(ProtocolError):
                act()
        return allowed

    def person(self, number: int) -> Person:
        return self.world.people[number]

    @rule(number=who, kind=kinds)
    def sign_or_edit(self, number: int, kind: Kind) -> None:
        if self.must(self.model.may_sign(number), lambda: self.world.sign(self.person(number), kind)):
            self.model.signed[number] = kind

    @rule(number=who)
    def withdraw(self, number: int) -> None:
        if self.must(number in self.model.standing, lambda: self.world.withdraw(self.person(number))):
            self.model.withdrawn.add(number)

    @rule()
    def notice(self) -> None:
        if self.must(not self.model.noticed and not self.model.abandoned, self.world.notice):
            self.model.noticed = True

    @rule()
    def cut(self) -> None:
        model = self.model
        allowed = model.noticed and not model.abandoned and len(model.standing) >= NEEDED
        if self.must(allowed, self.world.cut):
            model.cuts += 1
            model.noticed = False
            for person in model.standing - set(model.opened):
                model.opened[person] = model.cuts
            keys = {row.key for row in self.world.standing.open_set(model.cuts)}
            assert keys == {self.person(n).key for n in model.open_set(model.cuts)}

    @rule(number=who, edition_number=st.integers(1, 3))
    def strike(self, number: int, edition_number: int) -> None:
        allowed = self.model.opened.get(number) == edition_number and number not in self.model.struck
        if self.must(allowed, lambda: self.world.strike(self.person(number), edition_number)):
            self.model.struck.add(number)

    @precondition(lambda self: self.model.cuts)
    @rule(openers=st.sampled_from([(1, 2), (1, 3), (2, 3), (1, 2, 3)]))
    def publish(self, openers: tuple[int, ...]) -> None:
        number = self.model.cuts
        made = self.world.publish(number, openers)
        expected = self.model.published(number)
        assert {name.key for name in made.roll} == {self.person(n).key for n in expected}
        covered = {p for p, cut in self.model.opened.items() if cut <= number}
        assert made.counts.standing == len(covered - self.model.withdrawn)
        assert made.counts.struck == len((covered & self.model.struck) - self.model.withdrawn)
        assert made.counts.void == made.counts.unresolved == 0

    @precondition(lambda self: self.model.cuts >= 2)
    @rule()
    def abandon(self) -> None:
        if self.must(not self.model.abandoned, self.world.abandon):
            self.model.abandoned = True

    @invariant()
    def the_count_is_the_models(self) -> None:
        fold = self.world.standing
        assert fold.count == len(self.model.standing)
        assert (fold.signed, fold.withdrawn) == (len(self.model.signed), len(self.model.withdrawn))

    @precondition(lambda self: self.model.signed)
    @rule()
    def the_bundle_of_this_moment_verifies(self) -> None:
        files = self.world.bundle()
        report = verify_bundle(files, letter=self.world.letter)
        assert report.outcome == "valid", report.steps
        assert report.standing == len(self.model.standing)
        hidden = {self.person(n).key.encode() for n in self.model.withdrawn}
        shown = b"".join(data for path, data in files.items() if path.startswith(("editions/", "openings/", "objects")))
        assert not [key for key in hidden if key in shown]
        for path in files:
            if path.endswith("edition.json"):
                names = {name.key for name in edition.parse(files[path]).roll}
                assert not names & {self.person(n).key for n in self.model.withdrawn | self.model.struck}


Life.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLife = Life.TestCase


def test_a_long_and_busy_life() -> None:
    """A thousand acts of one seed, on a letter of forty people: count, open sets and bundles agree throughout."""
    dice = random.Random(11)
    world = LetterWorld(40)
    model = Model()
    for _ in range(1000):
        number = dice.randrange(40)
        person = world.people[number]
        match dice.choice("ssssssewwnc"):
            case "s" | "e" if model.may_sign(number):
                world.sign(person, "name")
                model.signed[number] = "name"
            case "w" if number in model.standing and dice.random() < 0.2:
                world.withdraw(person)
                model.withdrawn.add(number)
            case "n" if not model.noticed and model.cuts < 4:
                world.notice()
                model.noticed = True
            case "c" if model.noticed and model.standing:
                world.cut()
                model.noticed = False
                model.cuts += 1
                model.opened.update(dict.fromkeys(model.standing - set(model.opened), model.cuts))
        assert world.standing.count == len(model.standing)
    for number in range(1, model.cuts + 1):
        keys = {row.key for row in world.standing.open_set(number)}
        assert keys == {world.people[n].key for n in model.open_set(number)}
    made = world.publish()
    assert {name.key for name in made.roll} == {world.people[n].key for n in model.published(model.cuts)}
    assert verify_bundle(world.bundle()).outcome == "valid"
