"""The roll: leaves that say nothing, boxes only the code opens (section 3)."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from letterworld import LetterWorld
from undersigned.protocol import canonical, merkle, roll
from undersigned.protocol.errors import InvalidError, MalformedError

WORLD = LetterWorld(5)
FIRST, SECOND = WORLD.people[:2]


def test_a_code_opens_its_own_box_and_no_other() -> None:
    """The holder of the code gets the record back; another person's code opens nothing."""
    assert roll.open_box(FIRST.place, FIRST.slot.leaf, FIRST.slot.box) == FIRST.record
    with pytest.raises(InvalidError, match="does not belong"):
        roll.open_box(SECOND.place, FIRST.slot.leaf, FIRST.slot.box)
    with pytest.raises(InvalidError, match="does not belong"):
        roll.open_box(FIRST.place, SECOND.slot.leaf, FIRST.slot.box)


def test_a_box_whose_record_is_not_the_leafs_is_refused() -> None:
    """A registrar cannot give a person a record that is not theirs on the roll."""
    box = AESGCM(FIRST.place.box_key).encrypt(bytes(12), canonical.encode(SECOND.record), FIRST.slot.leaf)
    with pytest.raises(InvalidError, match="do not agree"):
        roll.open_box(FIRST.place, FIRST.slot.leaf, box)


def test_a_box_that_holds_no_record_is_refused() -> None:
    """The box decrypts, but its content is not a record."""
    box = AESGCM(FIRST.place.box_key).encrypt(bytes(12), b"{}", FIRST.slot.leaf)
    with pytest.raises(MalformedError):
        roll.open_box(FIRST.place, FIRST.slot.leaf, box)


def test_the_same_person_under_two_codes_has_two_leaves() -> None:
    """A leaf says nothing to those who know the person but not the code."""
    assert roll.leaf_of(FIRST.place.salt, FIRST.record) != roll.leaf_of(SECOND.place.salt, FIRST.record)


def test_token_salt_and_key_are_three_things() -> None:
    """What goes to the server gives away neither of the others."""
    assert len({FIRST.place.token, FIRST.place.salt, FIRST.place.box_key}) == 3
    assert roll.token_hash(FIRST.place.token) == FIRST.slot.token_hash


def test_a_roll_is_sorted_and_its_root_follows() -> None:
    """Reading and writing a roll are each other's inverse, in whatever order people came."""
    leaves = [person.slot.leaf for person in WORLD.people]
    made = roll.make_roll(leaves[::-1])
    assert made == WORLD.roll == roll.parse_roll(canonical.encode(made))
    assert made.leaves == WORLD.roll.leaves
    assert merkle.root(map(merkle.leaf_hash, sorted(leaves))).hex()
    with pytest.raises(ValueError, match="twice"):
        roll.make_roll([leaves[0], leaves[0]])


def test_an_altered_roll_is_refused() -> None:
    """A leaf dropped, doubled or moved, another root, another size."""
    good = WORLD.roll
    for wrong in (
        msgspec.structs.replace(good, leaves=good.leaves[1:]),
        msgspec.structs.replace(good, size=4, leaves=good.leaves[1:]),
        msgspec.structs.replace(good, leaves=[good.leaves[0], *good.leaves[:4]]),
        msgspec.structs.replace(good, leaves=good.leaves[::-1]),
        msgspec.structs.replace(good, root=good.leaves[0]),
        msgspec.structs.replace(good, size=10**30),
    ):
        with pytest.raises(MalformedError):
            roll.parse_roll(msgspec.json.encode(wrong, order="sorted"))


def test_an_empty_roll() -> None:
    """A roll without any records is still a roll."""
    made = roll.make_roll([])
    assert roll.parse_roll(canonical.encode(made)) == made
