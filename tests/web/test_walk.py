"""Admission's rules on the database agree with the protocol's fold, on random walks through a letter's life."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from undersigned.protocol import entries, manifest
from undersigned.protocol.errors import InvalidError
from undersigned.protocol.standing import Standing
from undersigned.web.records.models import Entry, Refused
from undersigned.web.times import moment

from . import people
from .conftest import Site
from .people import Letter, Signer

STEPS = 200


class Walk:
    """Does at random what people may do, and holds every answer against a fold over what was taken so far."""

    def __init__(self, site: Site, letter: Letter, seed: int) -> None:
        self.site, self.letter, self.random = site, letter, random.Random(seed)
        self.model = Standing(letter.manifest)
        for trustee in range(1, len(letter.trustees) + 1):
            self.model.apply(entries.Approval(v=1, letter=letter.l, trustee=trustee))
        self.taken = 0
        self.refused: dict[str, int] = {}

    def step(self) -> None:
        """One action of a random person, or the clerk's round."""
        # Cuts are common and rounds are rare, so that a cut often ends a batch that still holds who it covers.
        acts: list[Callable[[], None]] = [self.sign] * 9 + [self.withdraw, self.strike, self.strike]
        acts += [self.notice, self.notice, self.cut, self.cut]
        if self.random.random() < 0.05:
            self.site.rounds()
        self.random.choice(acts)()

    def _post(self, entry: Any, body: dict[str, object]) -> bool:
        try:
            self.model.check(entry)
            expected = "taken"
        except InvalidError as error:
            expected = error.code
        answer = self.letter.post("entries", body)
        found = "taken" if answer.status == 201 else answer.problem
        assert found == expected, (entry, answer.body)
        if expected == "taken":
            self.model.apply(entry)
            self.taken += 1
        else:
            self.refused[found] = self.refused.get(found, 0) + 1
        return expected == "taken"

    def _somebody(self) -> Signer:
        person = self.random.choice(self.letter.people)
        if person.credential is None:
            people.activate(self.letter, person)
        return person

    def sign(self) -> None:
        """First or again, now and then with a number that is not next."""
        person = self._somebody()
        person.seq += self.random.choice((0, 0, 0, 0, 1))
        body = people.prepare(self.letter, person, self.random.choice(("name", "initials", "anonymous")))
        before = person.seq - 1
        if not self._post(body["entry"], body):
            known = self.model.signatories.get(person.key)
            person.seq = known.seq + 1 if known else 0
        else:
            assert before >= 0

    def withdraw(self) -> None:
        """A fresh withdrawal: for the very same one the answer would only be that it is known."""
        person = self._somebody()
        known = self.model.signatories.get(person.key)
        if known is None or known.withdrawn is None:
            entry = entries.Withdraw(v=1, letter=self.letter.l, key=person.key)
            self._act(entry, person.seed)

    def strike(self) -> None:
        """A random signatory, of any edition there could be; not one that was struck already."""
        person = self._somebody()
        known = self.model.signatories.get(person.key)
        if known is None or known.struck is None:
            number = self.random.randint(1, 3)
            entry = entries.Strike(v=1, letter=self.letter.l, edition=number, key=person.key, reason="asked")
            self._act(entry, self.letter.organiser)

    def notice(self) -> None:
        """Of the next edition, or of another."""
        number = len(self.model.editions) + self.random.choice((0, 1, 1, 1, 2))
        after = manifest.format_time(moment(self.site.clock.now + self.random.randint(1, 500)))
        if number:
            self._act(entries.Notice(v=1, letter=self.letter.l, edition=number, after=after), self.letter.organiser)

    def cut(self) -> None:
        """Of the edition that was announced, or of another; its time has come."""
        self.site.clock.now += 1000
        number = max(1, len(self.model.editions) + self.random.choice((0, 0, 0, 1)))
        if number > self.model.cuts:
            self._act(entries.Cut(v=1, letter=self.letter.l, edition=number), self.letter.organiser)

    def _act(self, entry: Any, seed: bytes) -> None:
        signed = entries.sign_entry(entry, seed)
        self._post(signed, {"entry": signed})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_admission_and_fold_agree_on_every_act(site: Site, seed: int) -> None:
    """The same acts are taken, the others refused with the same reason; afterwards the log has all that was taken."""
    letter = site.letter(size=16, check="codes", batch=(5, 600), signatures=2)
    walk = Walk(site, letter, seed)
    for _ in range(STEPS):
        walk.step()
    site.clock.now += 1000
    site.rounds()
    assert not Refused.objects.exists()
    assert Entry.objects.filter(letter__slug=letter.slug).count() == 1 + len(letter.trustees) + walk.taken
    status = letter.status()
    assert (status["count"], status["signed"]) == (walk.model.count, walk.model.signed)
    for edition in status["editions"]:
        if edition["cut"] is not None:
            assert edition["open_set"] == len(walk.model.open_set(edition["number"]))
    assert walk.taken > 15
    assert len(walk.refused) >= 3
