"""The rules of the log are asked of the database and of a fold in memory: both give the same verdict on every entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from undersigned.protocol import base64url as b64
from undersigned.protocol import entries, manifest, merkle
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
SIGNATURE = b64.encode(bytes(64))
"""Of nobody: what an entry says by itself is checked before admission."""

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
steps = st.one_of(signs, signs, signs, *others, *others, st.just(("abandon",)))
batches = st.lists(st.lists(steps, min_size=1, max_size=12), min_size=4, max_size=10)


def make_entry(step: tuple[Any, ...], letter: FixedLetter, model: Standing, now: int) -> entries.Entry:
    """The entry of a step; numbers are counted from the ones that would be right."""
    whose: dict[str, Any] = {"v": 1, "letter": letter.letter, "signature": SIGNATURE}
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
        candidates, expected = [], []
        for step in planned:
            candidate = make_candidate(self.letter, make_entry(step, self.letter, self.model, self.site.clock.now))
            candidates.append(candidate)
            expected.append(self._expect(candidate))
        with transaction.atomic():
            found = [verdict(outcome) for outcome in take_entries(candidates, now=self.site.clock.now)]
        assert found == expected
        return found

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
        log.round()
        assert not Refused.objects.exists()
        assert (log.standing.size, log.standing.count) == (self.model.size, self.model.count)


def forget(letter: FixedLetter) -> None:
    """The letter as it was before anybody's entry."""
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

    @settings(max_examples=30, deadline=None)
    @given(st.booleans() | st.just(True), batches)
    def agree(approved: bool, planned: list[list[tuple[Any, ...]]]) -> None:
        forget(letter)
        # Each example has its own files: a log's are never begun anew.
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
    assert "taken" in seen
    assert len(seen) > 12, sorted(seen)


def test_nobody_signs_beyond_the_size_of_the_roll(site: Site) -> None:
    """Waiting or in the log, before and after withdrawals and edits: the fifth of four is refused, an edit is not."""
    twice = Twice(site, find_letter(site))
    refused = "ConditionError: more signatures than people who may sign"
    twice.batch([("approval", trustee) for trustee in (1, 2, 3)])
    signed = [("sign", person, 0, 0) for person in range(SIZE)]
    assert twice.batch([*signed, ("sign", SIZE, 0, 0)]) == ["taken"] * SIZE + [refused]
    assert twice.batch([("sign", SIZE, 0, 0)]) == [refused]
    twice.place()
    assert twice.batch([("withdraw", 0), ("sign", 1, 0, 1), ("sign", SIZE, 0, 0)]) == ["taken", "taken", refused]


def test_ones_own_object_is_not_taken_under_another_number(site: Site) -> None:
    """The object stands in the log: the site says so before it promises anything."""
    twice = Twice(site, find_letter(site))
    twice.batch([("approval", trustee) for trustee in (1, 2, 3)])
    found = twice.batch([("sign", 0, 0, 0), ("sign", 0, 0, 1), ("sign", 0, 0, 0)])
    assert found == ["taken", "taken", "ObjectError: this object stands in the log already"]
