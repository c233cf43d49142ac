"""The fold: the signatories of a letter follow from its log alone (section 6)."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from letterworld import LetterWorld
from undersigned.protocol import entries, errors, manifest, rules

Act = Callable[[LetterWorld], object]


def world(**settings: object) -> LetterWorld:
    """0 and 1 have signed."""
    made = LetterWorld(4, **settings)  # type: ignore[arg-type]
    for person in made.people[:2]:
        made.sign(person)
    return made


def after(*acts: Act, **settings: object) -> LetterWorld:
    """A letter on which these things have happened."""
    made = world(**settings)
    for act in acts:
        act(made)
    return made


def sign(number: int) -> Act:
    return lambda w: w.sign(w.people[number])


def withdraw(number: int) -> Act:
    return lambda w: w.withdraw(w.people[number])


def strike(number: int, edition: int = 1) -> Act:
    return lambda w: w.strike(w.people[number], edition)


def notice(w: LetterWorld) -> object:
    return w.notice()


def cut(w: LetterWorld) -> object:
    return w.cut()


def abandon(w: LetterWorld) -> object:
    return w.abandon()


def at_seq(number: int, seq: int, object_of: int | None = None) -> Act:
    def act(w: LetterWorld) -> object:
        person = w.people[number]
        value = w.make_object(person, w.payload(person, "anonymous"))
        entry = w.sign_entry(person, value, seq)
        if object_of is not None:
            known = w.standing.signatories[w.people[object_of].key]
            entry = entries.sign_entry(
                entries.Sign(
                    v=1, letter=w.id, key=person.key, seq=seq, credentials=entry.credentials, object=known.object
                ),
                person.seed,
            )
        return w.add(entry)

    return act


REFUSED: dict[str, tuple[list[Act], Act, type[Exception]]] = {
    "approving twice": ([], lambda w: w.approve(1), errors.DuplicateError),
    "a first signature with seq 1": ([], at_seq(2, 1), errors.SequenceError),
    "an edit that skips one": ([], at_seq(0, 2), errors.SequenceError),
    "an edit that goes back": ([sign(0)], at_seq(0, 0), errors.SequenceError),
    "the same signature again": ([], at_seq(0, 0, object_of=0), errors.DuplicateError),
    "somebody else's object": ([], at_seq(2, 0, object_of=0), errors.ObjectError),
    "one's own object again": ([], at_seq(0, 1, object_of=0), errors.ObjectError),
    "signing after withdrawing": ([withdraw(0)], at_seq(0, 1), errors.KeyWithdrawnError),
    "editing after a cut": ([notice, cut], at_seq(0, 1), errors.ClosedError),
    "signing an abandoned letter": ([abandon], sign(2), errors.ClosedError),
    "withdrawing without having signed": ([], withdraw(2), errors.SequenceError),
    "withdrawing twice": ([withdraw(0)], withdraw(0), errors.DuplicateError),
    "a second notice": ([notice], notice, errors.DuplicateError),
    "a notice of the edition after next": ([], lambda w: w.notice(2), errors.SequenceError),
    "a notice of an edition that was": ([notice, cut], lambda w: w.notice(1), errors.SequenceError),
    "a notice after the end": ([abandon], notice, errors.ClosedError),
    "a cut without notice": ([], cut, errors.SequenceError),
    "a cut of another edition": ([notice], lambda w: w.cut(2), errors.SequenceError),
    "a second cut": ([notice, cut], cut, errors.DuplicateError),
    "a cut of an older edition": ([notice, cut, notice], lambda w: w.cut(1), errors.DuplicateError),
    "a cut after the end": ([notice, abandon], cut, errors.ClosedError),
    "a cut with too few": ([notice, withdraw(0), withdraw(1)], cut, errors.ConditionError),
    "a strike before the cut": ([notice], strike(0), errors.SequenceError),
    "a strike of a stranger": ([notice, cut], strike(3), errors.SequenceError),
    "a strike in another edition": ([notice, cut, sign(2), notice, cut], strike(2, 1), errors.SequenceError),
    "a strike of somebody who withdrew before": ([withdraw(0), notice, cut], strike(0), errors.SequenceError),
    "striking twice": ([notice, cut, strike(0)], strike(0), errors.DuplicateError),
    "abandoning twice": ([abandon], abandon, errors.DuplicateError),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_may_not_stand_is_refused_and_changes_nothing(why: str) -> None:
    """Each act out of place raises its own error, and the state is the one before."""
    acts, refused, error = REFUSED[why]
    letter = after(*acts)
    before = copy.deepcopy(letter.standing)
    with pytest.raises(error) as raised:
        refused(letter)
    assert type(raised.value) is error
    assert letter.standing == before


def test_nobody_signs_before_all_trustees_have_approved() -> None:
    """Two of three are not enough."""
    letter = LetterWorld(2, approve=False)
    for trustee in (1, 2, 3):
        assert not letter.standing.approved
        with pytest.raises(errors.ClosedError, match="approved"):
            letter.sign(letter.people[0])
        letter.approve(trustee)
    letter.sign(letter.people[0])
    assert letter.standing.count == 1


def test_a_withdrawal_is_heard_at_any_time() -> None:
    """After the notice, after the cut, and after the letter was given up."""
    letter = after(notice, withdraw(0), cut, abandon, withdraw(1))
    assert (letter.standing.signed, letter.standing.withdrawn, letter.standing.count) == (2, 2, 0)


def test_there_are_never_more_signatures_than_people() -> None:
    """A registrar that mints ghosts is stopped at the size of the roll."""
    letter = LetterWorld(3)
    small = letter.manifest.eligibility
    assert small.size == 3
    for person in letter.people:
        letter.sign(person)
    ghost = LetterWorld(4).people[3]
    with pytest.raises(errors.ConditionError, match="more signatures than people"):
        letter.sign(ghost)


def test_an_edit_changes_the_object_and_not_the_count() -> None:
    """Signing again under the same key counts once."""
    letter = after(sign(0))
    known = letter.standing.signatories[letter.people[0].key]
    assert (letter.standing.count, known.seq) == (2, 1)
    assert known.first < known.signed


def test_the_open_set_is_who_stands_at_the_cut_less_those_opened_before() -> None:
    """Those who join later are opened by the next edition; those who withdraw later stay in the set."""
    letter = after(withdraw(0), notice, cut, sign(2), withdraw(1), notice, cut)
    fold = letter.standing
    assert [s.key for s in fold.open_set(1)] == [letter.people[1].key]
    assert [s.key for s in fold.open_set(2)] == [letter.people[2].key]
    for nothing in (0, 3):
        with pytest.raises(errors.SequenceError):
            fold.open_set(nothing)


def test_a_name_of_an_earlier_edition_can_be_struck_later() -> None:
    """Also after the next cut, under the edition that opened it."""
    letter = after(notice, cut, sign(2), notice, cut, strike(0, 1))
    assert letter.standing.signatories[letter.people[0].key].reason == "asked"
    assert letter.standing.count == 3


def test_a_withdrawal_before_its_signature_is_refused_whatever_the_batch() -> None:
    """Order inside a batch matters: a key's own entries keep theirs."""
    letter = world()
    person = letter.people[2]
    with pytest.raises(errors.SequenceError):
        letter.withdraw(person)
    letter.sign(person)
    letter.withdraw(person)


RULES = LetterWorld(2).manifest
NOT_BEFORE = int(manifest.parse_time(RULES.release.not_before).timestamp())
DAY = 86_400
SOON = manifest.format_time(manifest.parse_time("2026-01-02T00:00:00Z"))


def test_a_notice_gives_its_grace() -> None:
    """Sixty seconds here: one less is refused."""
    entry = entries.Notice(v=1, letter="", edition=1, after=SOON)
    due = NOT_BEFORE + DAY
    rules.check_times(entry, RULES, due - 60, noticed=None, after=None)
    with pytest.raises(errors.ConditionError, match="grace"):
        rules.check_times(entry, RULES, due - 59, noticed=None, after=None)


@pytest.mark.parametrize(
    ("now", "noticed", "after", "why"),
    [
        (NOT_BEFORE + 2 * DAY, None, SOON, "grace"),
        (NOT_BEFORE + 2 * DAY, 0, None, "grace"),
        (NOT_BEFORE + 2 * DAY, NOT_BEFORE + 2 * DAY - 59, SOON, "grace"),
        (NOT_BEFORE + DAY - 1, NOT_BEFORE, SOON, "not before"),
        (NOT_BEFORE - 1, NOT_BEFORE - DAY, "2025-01-01T00:00:00Z", "not released"),
    ],
)
def test_a_cut_that_comes_too_early_is_refused(now: int, noticed: int | None, after: str | None, why: str) -> None:
    """Before the grace is over by this observer's clock, before the notice's time, before the manifest's."""
    entry = entries.Cut(v=1, letter="", edition=1)
    with pytest.raises(errors.ConditionError, match=why):
        rules.check_times(entry, RULES, now, noticed=noticed, after=after)
    rules.check_times(entry, RULES, NOT_BEFORE + 3 * DAY, noticed=NOT_BEFORE, after=SOON)
