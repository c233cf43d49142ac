"""Editions: a public, deterministic function of log, roll and openings (section 7)."""

from __future__ import annotations

import msgspec
import pytest

from letterlives import rehearsed
from letterworld import LetterWorld
from undersigned.protocol import base64url, bundle, canonical, edition, findings, opening
from undersigned.protocol.errors import MalformedError


def lived() -> tuple[LetterWorld, edition.Edition, edition.Edition]:
    """The world of ``rehearsed`` and its two editions."""
    known = rehearsed()
    one, two = (edition.parse(known.world.published[n].data) for n in (1, 2))
    return known.world, one, two


WORLD, ONE, TWO = lived()


def test_the_counts_say_what_happened() -> None:
    """Ten signed, two withdrew, one was struck, one was void, one claimed another's place."""
    assert ONE.counts == edition.Counts(
        signed=10, withdrawn=2, standing=8, named=3, initials=1, anonymous=1, void=2, unresolved=0, struck=1,
        groups={"reserve": 2, "retired": 3},
    )  # fmt: skip
    assert TWO.counts.signed == 11
    assert TWO.counts.standing == 8


@pytest.mark.parametrize("made", [ONE, TWO])
def test_the_counts_add_up(made: edition.Edition) -> None:
    """standing = named + initials + anonymous + void + unresolved + struck; groups hold the first three."""
    c = made.counts
    assert c.standing == c.named + c.initials + c.anonymous + c.void + c.unresolved + c.struck == c.signed - c.withdrawn
    assert sum(c.groups.values()) == c.named + c.initials + c.anonymous
    assert len(made.roll) == c.named + c.initials


def test_what_changed_since_goes_from_cut_to_cut() -> None:
    """Edition 1 since its notice, edition 2 since the cut before: a withdrawal after a cut is in the next sum."""
    assert (ONE.since.added, ONE.since.withdrawn) == (0, 1)
    assert TWO.since == edition.Since(from_=ONE.cut, added=1, withdrawn=2)


def test_a_withdrawn_or_struck_name_is_never_in_an_edition() -> None:
    """Before the cut, between cut and publication, after an edition; or left out on request."""
    who = WORLD.people
    for made in (ONE, TWO):
        names = {name.key for name in made.roll}
        assert not names & {who[5].key, who[6].key, who[8].key}
    assert who[9].key in {name.key for name in ONE.roll}
    assert who[9].key not in {name.key for name in TWO.roll}


def test_a_place_on_the_roll_is_used_once() -> None:
    """The first in the log keeps it: 2 is named, 4 who claimed the same place is void, and so is a false name."""
    names = {name.key for name in TWO.roll}
    assert WORLD.people[2].key in names
    assert not {WORLD.people[4].key, WORLD.people[1].key} & names


def test_verified_means_found_on_the_roll() -> None:
    """Initials are self-declared; so are names of letters without a roll."""
    assert all(name.verified == (name.as_ == "name") for name in TWO.roll)
    codes = rehearsed(check="codes").world
    assert not any(name.verified for name in edition.parse(codes.published[2].data).roll)
    assert any(name.as_ == "name" for name in edition.parse(codes.published[2].data).roll)


def test_a_leaf_nobody_claims_is_nobodys() -> None:
    """A named payload without a place, or with one that is not on the roll, is void."""
    world = LetterWorld(2)
    world.sign(world.people[0])
    signatory = world.standing.signatories[world.people[0].key]
    payload = world.payload_of(world.people[0])
    for claimed in (payload, msgspec.structs.replace(payload, roll=None)):
        rows = [edition.Judged(signatory, opening.Opened("named", claimed))]
        assert edition.judge_roll(rows, frozenset())[0].opened == opening.VOID
    rows = [edition.Judged(signatory, opening.Opened("anonymous", payload))]
    assert edition.judge_roll(rows, frozenset()) == rows


def test_an_edition_is_its_bytes() -> None:
    """Written and read again; any other byte is another id; the counts document keeps all but the names."""
    data = edition.encode(ONE)
    assert edition.parse(data) == ONE
    assert len(edition.edition_id(data)) == 32
    counts = edition.counts_of(ONE)
    assert edition.parse_counts(canonical.encode(counts)) == counts
    assert counts.edition == base64url.encode(edition.edition_id(data))
    assert not any(name.name.encode() in canonical.encode(counts) for name in ONE.roll)


def test_names_stand_by_the_bytes_of_their_keys() -> None:
    """Another order, or a key twice, is no edition."""
    keys = [base64url.decode(name.key) for name in ONE.roll]
    assert keys == sorted(keys)
    for wrong in (ONE.roll[::-1], [ONE.roll[0], *ONE.roll]):
        with pytest.raises(MalformedError, match="sorted"):
            edition.parse(edition.encode(msgspec.structs.replace(ONE, roll=wrong)))


def test_a_key_without_a_verdict_is_unresolved() -> None:
    """It counts, unnamed, until enough trustees open it; an edition that was not cut cannot be built."""
    world = LetterWorld(3)
    world.sign(world.people[0])
    world.notice()
    with pytest.raises(ValueError, match="not been cut"):
        edition.build(world.standing, world.id, 1, world.root, {}, world.leaves)
    world.cut()
    made = edition.build(world.standing, world.id, 1, world.root, {}, world.leaves)
    assert (made.counts.standing, made.counts.unresolved, made.roll) == (1, 1, [])


def test_a_difference_is_told_with_its_entry() -> None:
    """Dropped, added, altered, or a figure."""
    first = ONE.roll[0]
    said = {
        "was dropped": msgspec.structs.replace(ONE, roll=ONE.roll[1:]),
        "was added": msgspec.structs.replace(ONE, roll=[*ONE.roll, msgspec.structs.replace(first, key="x")]),
        "was altered": msgspec.structs.replace(ONE, roll=[msgspec.structs.replace(first, title="x"), *ONE.roll[1:]]),
        "counts differ": msgspec.structs.replace(ONE, counts=TWO.counts),
        "since the edition before differ": msgspec.structs.replace(ONE, since=TWO.since),
        "root differs": msgspec.structs.replace(ONE, root="x"),
        "cut differs": msgspec.structs.replace(ONE, cut=1),
        "letter differs": msgspec.structs.replace(ONE, letter="x"),
        "bytes differ": msgspec.structs.replace(ONE, number=2),
    }
    for words, claimed in said.items():
        assert words in edition.difference(ONE, claimed).sentence
    assert edition.difference(ONE, said["was dropped"]) == findings.name_dropped(key=first.key)


def test_where_things_lie_in_a_bundle() -> None:
    """Paths and the numbers in them; what only looks like one is none."""
    paths = ["editions/2/edition.json", "editions/1/counts.json", "editions/01/edition.json", "openings/1.jsonl", "x"]
    assert bundle.editions_in(paths) == [1, 2]
    assert bundle.openings_in(paths) == [(1, 1)]
    there = [bundle.openings_path(7, part) for part in (10, 2, 1)]
    assert there == ["openings/7.10.jsonl", "openings/7.2.jsonl", "openings/7.jsonl"]
    assert bundle.openings_in(there) == [(7, 1), (7, 2), (7, 10)]
    # A part has one name.
    assert bundle.openings_in(["openings/7.1.jsonl", "openings/7.02.jsonl", "openings/7.0.jsonl"]) == []
    assert bundle.editions_in([bundle.edition_path(3), bundle.counts_path(4)]) == [3, 4]
    assert bundle.log_paths(1) == ["log/checkpoint", "log/tile/entries/000.p/1", "log/tile/0/000.p/1"]


def test_lines_end() -> None:
    """A file of lines has none that is empty or cut off."""
    assert bundle.split_lines(b"") == []
    assert bundle.split_lines(b"a\nb\n") == [b"a", b"b"]
    for wrong in (b"a", b"\n", b"a\n\n", b"a\n\nb\n"):
        with pytest.raises(MalformedError):
            bundle.split_lines(wrong)
