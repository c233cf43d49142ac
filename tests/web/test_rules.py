"""The rules of the log are asked of the database and of a fold in memory: both give the same verdict on every entry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from undersigned.protocol import base64url as b64
from undersigned.protocol import entries, findings, manifest, merkle, rules
from undersigned.protocol.errors import InvalidError
from undersigned.protocol.standing import Standing
from undersigned.web.letters.fixed_letter import FixedLetter, LetterCache
from undersigned.web.log.sequence import Log
from undersigned.web.records.models import Batch, Checkpoint, Edition, Entry, Letter, Pending, Refused, SealedObject
from undersigned.web.signing.actions import take_entries
from undersigned.web.signing.candidate import Candidate, Taken, row_identity
from undersigned.web.times import moment

from .conftest import Site

SIZE, KEYS = 4, 6
"""How many may sign, and how many try."""
SIGNATURES = [b64.encode(bytes([number]) * 64) for number in range(2)]
"""Signed by no key: an entry's own content is checked before admission. Two, so that the same can be said twice."""

people = st.integers(0, KEYS - 1)
signs = st.tuples(st.just("sign"), people, st.sampled_from((0, 0, 0, 0, 1, -1)), st.integers(0, 3))
others = (
    st.tuples(st.just("withdraw"), people),
    st.tuples(st.just("strike"), people, st.integers(1, 3), st.sampled_from(("asked", "duplicate"))),
    st.tuples(st.just("notice"), st.sampled_from((1, 1, 1, 0, 2))),
    st.tuples(st.just("cut"), st.sampled_from((0, 0, 0, 1, -1))),
    st.tuples(st.just("approval"), st.integers(1, 3)),
    st.just(("round",)),
)
steps = st.one_of(signs, signs, signs, *others, *others)
batches = st.lists(st.lists(steps, min_size=1, max_size=12), min_size=4, max_size=10)
after_the_end = st.lists(steps | st.just(("abandon",)), max_size=8).map(lambda later: [[("abandon",), *later]])
lives = st.tuples(
    st.sampled_from((True, True, True, False)), st.tuples(batches, after_the_end).map(lambda two: two[0] + two[1])
)
EVERY_REFUSAL: list[list[tuple[Any, ...]]] = [
    [("sign", 0, 0, 0), ("approval", 1), ("approval", 2), ("approval", 3), ("sign", 0, 1, 0), ("withdraw", 0)],
    [("approval", 1), ("approval", 1), ("sign", 0, 0, 0), ("sign", 0, -1, 0), ("sign", 0, 1, 1), ("sign", 0, 0, 0)],
    [("notice", 2), ("cut", 1), ("notice", 1), ("notice", 1), ("cut", 0), ("round",), ("sign", 1, 0, 0), ("cut", 0)],
    [("cut", 0), ("cut", 0), ("sign", 0, 0, 3), ("strike", 0, 1, "asked"), ("strike", 2, 1, "asked")],
    [("strike", 0, 1, "duplicate"), ("sign", 2, 0, 0), ("sign", 3, 0, 0), ("round",), ("sign", 4, 0, 0)],
    [("withdraw", 3), ("withdraw", 3), ("sign", 3, 0, 1), ("round",)],
    [("abandon",), ("abandon",), ("sign", 2, 0, 1), ("notice", 1), ("cut", 0), ("withdraw", 2)],
]
"""A life in which each rule refuses something, unless it would be the very same entry again."""


def make_entry(
    step: tuple[Any, ...], letter: FixedLetter, model: Standing, now: int, signature: str = SIGNATURES[0]
) -> entries.Entry:
    """The entry of a step; numbers are counted from the ones that would be right."""
    whose: dict[str, Any] = {"v": 1, "letter": letter.letter, "signature": signature}
    if step[0] in ("sign", "withdraw", "strike"):
        whose["key"] = b64.encode(bytes([step[1]]) * 32)
    editions = len(model.editions)
    match step:
        case ("sign", person, skipped, number):
            known = model.signatories.get(whose["key"])
            seq = max(0, (known.seq + 1 if known else 0) + skipped)
            name = b64.encode(bytes([person, number]) * 16)
            return entries.Sign(seq=seq, credentials=[], object=name, **whose)
        case ("withdraw", _):
            return entries.Withdraw(**whose)
        case ("strike", _, edition, reason):
            return entries.Strike(edition=edition, reason=reason, **whose)
        case ("notice", ahead):
            return entries.Notice(edition=max(1, editions + ahead), after=manifest.format_time(moment(now)), **whose)
        case ("cut", ahead):
            return entries.Cut(edition=max(1, editions + ahead), **whose)
        case ("approval", trustee):
            return entries.Approval(trustee=trustee, **whose)
    return entries.Abandon(**whose)


def make_candidate(letter: FixedLetter, entry: entries.Entry) -> Candidate:
    """The entry as it reaches admission, taken for well signed."""
    data = entries.encode(entry)
    key, seq = row_identity(entry)
    name = entry.object if isinstance(entry, entries.Sign) else None
    leaf = b64.encode(merkle.leaf_hash(data))
    body = b"{}" if name else None
    return Candidate(letter, entry, data, body, leaf, entries.type_of(entry), key, seq, name)


def verdict(outcome: object) -> str:
    """What became of an entry, with the whole sentence if it was refused."""
    if isinstance(outcome, Taken):
        return "taken" if outcome.new else "known"
    return f"{type(outcome).__name__}: {outcome}"


class Twice:
    """One letter, whose entries are decided by the site and by a fold over all that was taken so far."""

    def __init__(self, site: Site, letter: FixedLetter) -> None:
        self.site, self.letter, self.model = site, letter, Standing(letter.manifest)
        self.taken: set[bytes] = set()

    def batch(self, planned: Sequence[tuple[Any, ...]]) -> list[str]:
        """Decides a batch in both ways and compares; gives the verdicts."""
        self.site.clock.now += 1
        candidates: list[Candidate] = []
        expected: list[str] = []
        for step in planned:
            first, second = (self._candidate(step, signature) for signature in SIGNATURES)
            # Half of what comes again is the very same, and half says the same in other bytes.
            candidate = second if first.data in self.taken and len(candidates) % 2 else first
            candidates.append(candidate)
            expected.append(self._expect(candidate))
        with transaction.atomic():
            found = [verdict(outcome) for outcome in take_entries(candidates, now=self.site.clock.now)]
        assert found == expected
        return found

    def _candidate(self, step: tuple[Any, ...], signature: str) -> Candidate:
        entry = make_entry(step, self.letter, self.model, self.site.clock.now, signature)
        return make_candidate(self.letter, entry)

    def _expect(self, candidate: Candidate) -> str:
        if candidate.data in self.taken:
            return "known"
        try:
            self.model.apply(candidate.entry)
        except InvalidError as error:
            return verdict(error)
        self.taken.add(candidate.data)
        return "taken"

    def place(self) -> None:
        """Everything that waits enters the log, and the log's own fold takes all of it."""
        log = Log(self.letter, self.site.world)
        log.run_round()
        assert not Refused.objects.exists()
        assert (log.standing.size, log.standing.count) == (self.model.size, self.model.count)


def forget(letter: FixedLetter) -> None:
    """The letter as it was before the first entry."""
    for model in (Pending, Batch, Edition, Checkpoint, SealedObject):
        model.objects.filter(letter=letter.pk).delete()
    Entry.objects.filter(letter=letter.pk, index__gt=0).delete()
    Letter.objects.filter(pk=letter.pk).update(open=False, abandoned=False)


def find_letter(site: Site) -> FixedLetter:
    """A letter with codes for so many, which a cut needs two of."""
    draft = site.draft(size=SIZE, check="codes", signatures=2)
    letter = LetterCache(site.world.keys).find(draft.slug)
    assert letter is not None
    return letter


def test_site_and_fold_give_the_same_verdict_on_every_entry(site: Site) -> None:
    """Whatever comes in whatever order, together or apart: taken by both, or refused by both in the same words."""
    letter, seen = find_letter(site), set()
    number = iter(range(10_000))

    @settings(max_examples=20, deadline=None)
    @example((False, EVERY_REFUSAL))
    @given(lives)
    def agree(life: tuple[bool, list[list[tuple[Any, ...]]]]) -> None:
        approved, planned = life
        forget(letter)
        # Each example has its own files: a log's files are never started again.
        twice = Twice(site, replace(letter, slug=f"{letter.slug}-{next(number)}"))
        Letter.objects.filter(pk=letter.pk).update(slug=twice.letter.slug)
        if approved:
            seen.update(twice.batch([("approval", trustee) for trustee in (1, 2, 3)]))
        for batch in planned:
            seen.update(twice.batch([step for step in batch if step != ("round",)]))
            if ("round",) in batch:
                twice.place()
        twice.place()

    agree()
    refusals = {re.sub(r"[0-9]+", "N", said).replace("stands", "stand") for said in seen - {"taken", "known"}}
    # The example has each rule refuse something: a rule that is added wants its line there.
    assert len(refusals) == len(set(re.findall(r"findings\.\w+", inspect.getsource(rules)))), sorted(refusals)


def test_nobody_signs_beyond_the_size_of_the_roll(site: Site) -> None:
    """Waiting or in the log, before and after withdrawals and edits: the fifth of four is refused, an edit is not."""
    twice = Twice(site, find_letter(site))
    refused = f"ConditionError: {findings.too_many_signatures().sentence}"
    twice.batch([("approval", trustee) for trustee in (1, 2, 3)])
    signed = [("sign", person, 0, 0) for person in range(SIZE)]
    assert twice.batch([*signed, ("sign", SIZE, 0, 0)]) == ["taken"] * SIZE + [refused]
    assert twice.batch([("sign", SIZE, 0, 0)]) == [refused]
    twice.place()
    assert twice.batch([("withdraw", 0), ("sign", 1, 0, 1), ("sign", SIZE, 0, 0)]) == ["taken", "taken", refused]


def test_ones_own_object_is_not_taken_under_another_number(site: Site) -> None:
    """The object is in the log already: the site says so before it promises anything."""
    twice = Twice(site, find_letter(site))
    twice.batch([("approval", trustee) for trustee in (1, 2, 3)])
    found = twice.batch([("sign", 0, 0, 0), ("sign", 0, 0, 1), ("sign", 0, 0, 0)])
    assert found == ["taken", "taken", f"ObjectError: {findings.object_twice().sentence}"]
