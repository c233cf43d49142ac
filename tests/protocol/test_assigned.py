"""Strings hold what Unicode 14.0 assigns: one table in three places, and what comes of a newer character."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import newer
from letterworld import LetterWorld
from undersigned.protocol import assigned, base64url, bundle, canonical, edition, manifest, seal, text
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.verify import verify_bundle

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/spec/unicode-14.0-assigned.txt"


def test_the_table_is_the_one_the_specification_names() -> None:
    digest = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    assert digest in (ROOT / "docs/spec/protocol.md").read_text()
    rows = [tuple(int(point, 16) for point in line.split("..")) for line in TABLE.read_text().splitlines()]
    assert assigned.ranges() == rows
    runs = re.search(r"RUNS = `([^`]*)`", (ROOT / "frontend/src/protocol/assigned.ts").read_text())
    assert runs is not None
    assert runs[1].split() == assigned._RUNS.split()


def test_the_table_is_what_this_pythons_unicode_says_or_less() -> None:
    """Python 3.11 is of 14.0 to the letter; a later one knows more, and nothing is ever taken back."""
    known = {point for first, last in assigned.ranges() for point in range(first, last + 1)}
    there = {point for point in range(0x110000) if unicodedata.category(chr(point)) not in ("Cn", "Cs")}
    assert known == there if unicodedata.unidata_version == "14.0.0" else known < there


def test_what_is_assigned_and_what_is_not_are_told_apart() -> None:
    first = assigned.first_unassigned
    assert first("") is first("Ada") is first("\u05d3\u05b8\U00016a70\U0001e290") is None
    assert (first("x\u0378y"), first("\U0010ffff"), first("\ufdd0")) == ("U+0378", "U+10FFFF", "U+FDD0")


@pytest.mark.parametrize("what", newer.NEWER)
def test_a_newer_character_is_refused_wherever_a_string_stands(what: str) -> None:
    character = newer.NEWER[what]
    spelt = f"U\\+{ord(character):04X}"
    for string in (character, f"a{character}\u0323", f"\n{character}"):
        written = msgspec.json.encode({"name": string})
        readers: list[Callable[[bytes], object]] = [
            canonical.decode,
            lambda data: canonical.decode_as(data, dict[str, str]),
        ]
        for read in readers:
            with pytest.raises(MalformedError, match=f"holds {spelt}, which Unicode 14.0 does not assign"):
                read(written)
        with pytest.raises(ValueError, match=spelt):
            canonical.encode({"name": string})
        assert canonical._problem(string, 1) is not None
    for take in (text.check_name, text.check_initials):
        with pytest.raises(MalformedError, match=f"{spelt}, which Unicode 14.0 does not know|control, format"):
            take(f"A{character}")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_string_is_canonical_exactly_if_it_is_assigned_and_in_nfc(string: str) -> None:
    written = msgspec.json.encode(string)
    expected = assigned.first_unassigned(string) is None and unicodedata.is_normalized("NFC", string)
    try:
        canonical.decode(written)
        assert expected
    except MalformedError:
        assert not expected


def test_a_manifest_with_a_newer_character_in_any_of_its_words_is_malformed() -> None:
    known = canonical.decode(LetterWorld(3).source)
    words = {
        "title": {**known["title"], "en": newer.REORDERED},
        "groups": [{**known["groups"][0], "name": {**known["groups"][0]["name"], "en": newer.REORDERED}}],
        "trustees": [{**known["trustees"][0], "name": newer.REORDERED}, *known["trustees"][1:]],
    }
    for field, value in words.items():
        with pytest.raises(MalformedError, match=r"U\+1E08F"):
            manifest.parse(msgspec.json.encode({**known, field: value}, order="sorted"))


def world_of_one_newer(name: str) -> LetterWorld:
    """Four sign; an altered client has sealed ``name`` for the first of them."""
    world = LetterWorld(4, check="codes", seed=7)
    person = world.people[0]
    with newer.sealing(name):
        value = seal.make_seal(
            world.manifest,
            world.letter,
            person.key_bytes,
            world.payload(person),
            secret=secrets.token_bytes(32),
            xs=b"\x01\x02\x03",
            coefficients=secrets.token_bytes(32 * (world.manifest.threshold - 1)),
        )
    world.sign(person, value=value)
    for person in world.people[1:]:
        world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    return world


@pytest.mark.parametrize("name", [newer.REORDERED, *newer.NEWER.values()])
def test_sealed_it_is_void_and_counted_as_that(name: str) -> None:
    """The control: the same name of assigned characters is published."""
    world = world_of_one_newer(name)
    files = world.bundle()
    report = verify_bundle(files, letter=world.letter)
    assert report.outcome == "valid"
    assert (report.editions[0]["counts"]["void"], report.editions[0]["counts"]["named"]) == (1, 3)
    claimed = edition.parse(files[bundle.edition_path(1)])
    assert world.people[0].key not in {row.key for row in claimed.roll}
    control = verify_bundle(world_of_one_newer("\u1ea1\u0301").bundle())
    assert (control.outcome, control.editions[0]["counts"]["void"]) == ("valid", 0)


def test_an_edition_that_shows_it_as_a_name_is_invalid() -> None:
    world = world_of_one_newer(newer.REORDERED)
    files = world.bundle()
    path = bundle.edition_path(1)
    value = canonical.decode(files[path])
    value["counts"].update(void=0, named=4)
    value["counts"]["groups"]["reserve"] = value["counts"]["groups"].get("reserve", 0) + 1
    row = {**value["roll"][0], "key": world.people[0].key, "name": "a"}
    value["roll"] = sorted([*value["roll"], row], key=lambda r: base64url.decode(r["key"]))
    for name in ("a", newer.REORDERED):
        changed = msgspec.json.encode(value, order="sorted").replace(b'"name":"a"', b'"name":"%b"' % name.encode())
        report = verify_bundle({**files, path: changed})
        assert (report.outcome, report.steps[-1].name) == ("invalid", "editions")


def test_a_public_record_of_it_is_refused() -> None:
    world = LetterWorld(2, sealed=False, check="codes")
    payload = msgspec.structs.replace(world.payload(world.people[0]), name="Marker")
    data = canonical.encode(seal.RecordObject(v=1, letter=world.id, key=world.people[0].key, record=payload))
    assert isinstance(seal.parse_object(data), seal.RecordObject)
    with pytest.raises(MalformedError, match=r"U\+1E08F"):
        seal.parse_object(data.replace(b"Marker", newer.REORDERED.encode()))
