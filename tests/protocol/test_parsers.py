"""Every parser gives a value or a ProtocolError, whatever the bytes."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from letterlives import rehearsed
from letterworld import VECTORS, LetterWorld, registrar
from strategies import TRICKS, loose_json, mutations
from undersigned.protocol import (
    base64url,
    bundle,
    canonical,
    checkpoint,
    codes,
    credential,
    edition,
    entries,
    keys,
    manifest,
    note,
    opening,
    receipt,
    request,
    roll,
    seal,
    text,
    tiles,
)
from undersigned.protocol.errors import MalformedError, ProtocolError

Parse = Callable[[bytes], Any]


def _text(parse: Callable[[str], Any]) -> Parse:
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def _samples() -> dict[str, tuple[Parse, bytes]]:
    lived = rehearsed()
    world, first, last = lived.world, lived.first, lived.last
    person = world.people[0]
    payload = seal.pad(world.payload(person))
    value = world.objects[person.key]
    record = seal.RecordObject(v=1, letter=world.id, key=person.key, record=world.payload(person))
    note_bytes = first["log/checkpoint"]
    noted = note.parse(note_bytes)
    posted = opening.Openings(
        v=1, letter=world.id, edition=1, trustee=1, shares={person.key: base64url.encode(bytes(33))}
    )
    header = request.authorize(world.letter, 1, 1_800_000_000, "/seals?from=0", world.trustees[0][1])
    spki, _ = registrar()
    pkcs8 = base64url.decode(json.loads((VECTORS / "keys.json").read_text())["registrars"][0]["pkcs8"])
    box = world.people[0].slot
    return {
        "canonical": (canonical.decode, canonical.encode({"a": [1, None, "é", {"b": True}]})),
        "base64url": (_text(base64url.decode), base64url.encode(b"some bytes").encode()),
        "access code": (_text(lambda t: codes.parse_code("S", t)), b"S-7QK4-M2ZD-9XHF-R3TB-5WNE"),
        "name": (_text(text.check_name), "Zoë Müstermann".encode()),
        "initials": (_text(text.check_initials), b"P. Q."),
        "sealed name": (_text(text.check_sealed), "דנה כהן".encode()),
        "sealed initials": (_text(text.check_sealed_initials), b"P. Q."),
        "time": (_text(manifest.parse_time), b"2026-12-01T06:00:00Z"),
        "manifest": (manifest.parse, world.source),
        "roll": (roll.parse_roll, first["roll.json"]),
        "box": (lambda data: roll.open_box(person.place, box.leaf, data), box.box),
        "registrar's public key": (credential.load_public, spki),
        "registrar's private key": (credential.load_private, pkcs8),
        "sealing key": (seal.load_seal_public_key, base64url.decode(world.manifest.trustees[0].seal)),
        "padded payload": (seal.unpad, payload),
        "sealed object": (seal.parse_object, canonical.encode(value)),
        "record object": (opening.parse_objects_line, canonical.encode(record)),
        **{f"entry {entries.type_of(entries.parse(e))}": (entries.parse, e) for e in world.log[1:]},
        "note": (note.parse, note_bytes),
        "cosignature line": (_text(note.parse_signatures), noted.signatures[1].encode().encode()),
        "checkpoint": (_text(checkpoint.parse_text), noted.text.encode()),
        "entry bundle": (lambda data: tiles.unpack_entries(data, 3), tiles.pack_entries([b"", b"a", b"bc"])),
        "tile": (lambda data: tiles.split_hashes(data, 2), bytes(64)),
        "receipt": (
            receipt.parse,
            canonical.encode(receipt.make(world.id, b"x", "2026-12-01T06:00:00Z", keys.SigningKey(bytes(32)))),
        ),
        "request": (
            _text(lambda t: request.verify(t, world.manifest, world.letter, "/seals?from=0", 1_800_000_000)),
            header.encode(),
        ),
        "openings": (
            opening.parse_openings,
            canonical.encode(opening.sign_openings(posted, world.trustees[0][1])),
        ),
        "opening": (opening.parse_opening, bundle.split_lines(first["openings/1.jsonl"])[0]),
        "lines": (bundle.split_lines, first["openings/1.jsonl"]),
        "edition": (edition.parse, first["editions/1/edition.json"]),
        "counts": (edition.parse_counts, last["editions/1/counts.json"]),
    }


SAMPLES = _samples()
each_parser = pytest.mark.parametrize("name", SAMPLES)
bounded = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def value_or_refusal(parse: Parse, data: bytes) -> None:
    """Fails on any exception outside the documented tree."""
    with contextlib.suppress(ProtocolError):
        parse(data)


@each_parser
def test_what_is_valid_is_taken(name: str) -> None:
    """Each parser takes the bytes it is for: without this the refusals below would prove nothing."""
    parse, sample = SAMPLES[name]
    parse(sample)


@each_parser
def test_old_tricks_are_refused_in_words(name: str) -> None:
    """Duplicate keys, lone surrogates, 1.0, -0, bombs: a value or a documented error."""
    for trick in TRICKS:
        value_or_refusal(SAMPLES[name][0], trick)


@each_parser
@bounded
@given(data=st.binary(max_size=200) | loose_json.map(lambda v: json.dumps(v).encode()))
@example(data=b'{"type":"withdraw"}')
def test_arbitrary_bytes(name: str, data: bytes) -> None:
    """Any bytes, and any JSON: a value or a documented error."""
    value_or_refusal(SAMPLES[name][0], data)


@each_parser
@bounded
@given(data=st.data())
def test_valid_bytes_with_something_changed(name: str, data: st.DataObject) -> None:
    """Nearly valid bytes: a value or a documented error."""
    parse, sample = SAMPLES[name]
    value_or_refusal(parse, data.draw(mutations(sample)))


@pytest.mark.parametrize(
    "name", ["manifest", "roll", "sealed object", "entry sign", "receipt", "openings", "opening", "edition", "counts"]
)
@bounded
@given(data=st.data())
def test_a_document_has_one_spelling(name: str, data: st.DataObject) -> None:
    """What a parser takes from changed bytes is never what the unchanged bytes say."""
    parse, sample = SAMPLES[name]
    changed = data.draw(mutations(sample))
    try:
        value = parse(changed)
    except MalformedError:
        return
    assert changed == sample or value != parse(sample)


def _outside() -> Path:
    return Path(os.environ.get("UNDERSIGNED_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")


@pytest.mark.vectors
def test_naughty_strings() -> None:
    """The big list of naughty strings: a value or a documented error from every parser."""
    source = _outside() / "naughty_strings.json"
    if not source.exists():
        pytest.skip(f"OUTSIDE VECTORS MISSING: {source}")
    for string in json.loads(source.read_text(encoding="utf-8")):
        for parse, _ in SAMPLES.values():
            value_or_refusal(parse, string.encode())


def test_a_request_whose_path_is_no_text() -> None:
    """A path with stray bytes is refused like any other."""
    world = LetterWorld(2)
    header = request.authorize(world.letter, 1, 0, "/", world.trustees[0][1])
    with pytest.raises(MalformedError):
        request.verify(header, world.manifest, world.letter, "/\udcff", 0)
