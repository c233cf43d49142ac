"""The shapes are a shorter way to the same: they take what is read at length, find the same in it, and no more."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from letterworld import LetterWorld
from strategies import mutations, nfc_text, one_byte_changed
from undersigned.protocol import base64url, canonical, entries, keys, manifest, opening, pieces, seal
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.finding import Finding
from undersigned.protocol.shapes import NameShape, OpeningShape, Row, Signed
from undersigned.protocol.verdict import compact_verdict

KINDS: dict[str, dict[str, Any]] = {
    "roll": {},
    "codes": {"check": "codes"},
    "two registrars": {"registrars": 2},
    "nine trustees": {"trustees": 9, "threshold": 5, "check": "mail"},
}


@functools.cache
def world(kind: str = "roll") -> LetterWorld:
    """A letter that two have signed by name, and one each otherwise."""
    made = LetterWorld(4, **KINDS[kind])
    for person, how in zip(made.people, ("name", "name", "initials", "anonymous"), strict=True):
        made.sign(person, how)  # type: ignore[arg-type]
    return made


@functools.cache
def known(kind: str = "roll") -> pieces._Letter:
    return pieces._known(world(kind).source)


@functools.cache
def at_length(kind: str = "roll") -> pieces._Letter:
    """The same without a shape for openings: everything is read at length."""
    made = pieces._Letter(world(kind).source)
    made.opening = None
    return made


def entry(kind: str = "roll") -> bytes:
    return world(kind).log[-4]


def line(kind: str = "roll", person: int = 0, openers: tuple[int, ...] | None = None) -> bytes:
    made = world(kind)
    return canonical.encode(made.make_opening(made.people[person].key, openers))


def checked(data: bytes, kind: str = "roll") -> Signed | bytes | None:
    """What an entry is at length, None if it is refused."""
    try:
        return pieces._check_entry(data, known(kind))
    except ProtocolError:
        return None


def judged(data: bytes, kind: str = "roll") -> Row | Finding:
    return pieces._judge_line(data, at_length(kind))


def judge(data: bytes, kind: str = "roll") -> Row | None:
    shape = known(kind).opening
    assert shape is not None
    return shape.judge(data)


@pytest.mark.parametrize("kind", KINDS)
def test_what_honest_people_write_is_of_these_shapes(kind: str) -> None:
    """Else the shapes would be of no use; and it is found to say the same."""
    found = known(kind).sign.check(entry(kind))
    assert found is not None
    assert found == checked(entry(kind), kind)
    many = len(world(kind).manifest.trustees)
    for person in range(4):
        for openers in (None, tuple(range(1, many + 1)), tuple(range(2, many + 1))):
            data = line(kind, person, openers)
            assert judge(data, kind) is not None
            assert judge(data, kind) == judged(data, kind)


def test_other_entries_have_no_shape() -> None:
    """They are few, and are read at length."""
    made = world()
    assert all(known().sign.check(data) is None for data in made.log[: 1 + len(made.trustees)])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(list(KINDS)))
def test_a_changed_entry_is_what_it_is_at_length(data: st.DataObject, kind: str) -> None:
    changed = data.draw(mutations(entry(kind)))
    assert known(kind).sign.check(changed) in (None, checked(changed, kind))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(list(KINDS)))
def test_a_changed_opening_is_what_it_is_at_length(data: st.DataObject, kind: str) -> None:
    """Most of an opening is checked only by its trustee, and may be any canonically encoded bytes."""
    changed = data.draw(st.one_of(mutations(line(kind)), one_byte_changed(line(kind))))
    assert judge(changed, kind) in (None, judged(changed, kind))


# --- what only the form refuses: signed, committed to and sealed as it is


def signed_anew(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A changed entry that its key signs all the same."""
    value = json.loads(entry())
    del value["signature"]
    change(value)
    message = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    value["signature"] = base64url.encode(keys.sign("sign", world().people[0].seed, message))
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def next_letter(spelt: str) -> str:
    """The same bytes spelt otherwise: the last character's spare bits are not zero."""
    return spelt[:-1] + "BFJNRVZdhlptx159"["AEIMQUYcgkosw048".index(spelt[-1])]


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(seq=1_000_001),
        lambda v: v.update(seq=9_999_999),
        lambda v: v.update(seq=10_000_000),
        lambda v: v.update(object=next_letter(v["object"])),
        lambda v: v.update(object="!" * 42 + "A"),
        lambda v: v.update(object="é" * 21 + "A"),
        lambda v: v.update(object=v["object"][:-1]),
        lambda v: v.update(key=next_letter(v["key"])),
        lambda v: v.update(letter="A" * 43),
        lambda v: v.update(more=""),
        lambda v: v["credentials"][0].update(prefix=next_letter(v["credentials"][0]["prefix"])),
        lambda v: v["credentials"][0].update(signature="A" * 512),
        lambda v: v["credentials"][0].update(signature="=" * 512),
        lambda v: v["credentials"][0].update(registrar="A" * 43),
        lambda v: v.update(credentials=v["credentials"] * 2),
    ],
)
def test_a_signature_does_not_mend_a_form(change: Callable[[dict[str, Any]], object]) -> None:
    data = signed_anew(change)
    assert known().sign.check(data) is None
    assert checked(data) is None


def test_the_largest_seq_there_is_passes() -> None:
    data = signed_anew(lambda v: v.update(seq=1_000_000))
    found = known().sign.check(data)
    assert found is not None
    assert found == checked(data)


def test_a_registrar_whose_key_is_none_certifies_nobody() -> None:
    made = world()
    other = msgspec.structs.replace(made.manifest, registrars=[base64url.encode(b"no key")])
    letter = pieces._Letter(manifest.encode(other))
    credential = msgspec.structs.replace(
        entries.parse(entry()).credentials[0],  # type: ignore[union-attr]
        registrar=entries.registrar_of(other.registrars[0])[2],
    )
    signed = entries.parse(entry())
    assert isinstance(signed, entries.Sign)
    unsigned = msgspec.structs.replace(signed, letter=letter.id, credentials=[credential])
    data = entries.encode(entries.sign_entry(unsigned, made.people[0].seed))
    assert letter.sign.check(data) is None
    with pytest.raises(ProtocolError, match="SubjectPublicKeyInfo"):
        pieces._check_entry(data, letter)


def changed_opening(change: Callable[[dict[str, Any]], object], openers: tuple[int, ...] = (1, 3)) -> bytes:
    value = json.loads(line(openers=openers))
    change(value)
    return canonical.encode(value)


def part(value: dict[str, Any], trustee: int) -> dict[str, Any]:
    found: dict[str, Any] = value["seal"]["shares"][trustee - 1]
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda v: part(v, 2).update(x=part(v, 1)["x"]),
        lambda v: part(v, 2).update(x=256),
        lambda v: part(v, 2).update(x=0),
        lambda v: part(v, 2).update(x=part(v, 2)["x"] ^ 64),
        lambda v: part(v, 1).update(x=part(v, 1)["x"] ^ 64),
        lambda v: part(v, 2).update(t=3),
        lambda v: part(v, 1).update(commit=part(v, 2)["commit"]),
        lambda v: part(v, 2).update(commit=part(v, 1)["commit"]),
        lambda v: part(v, 2).update(sealed=next_letter(part(v, 2)["sealed"])),
        lambda v: part(v, 2).update(sealed="." + part(v, 2)["sealed"][1:]),
        lambda v: part(v, 2).update(sealed='"' + part(v, 2)["sealed"][2:]),
        lambda v: v["seal"].update(body="A" * 1387),
        lambda v: v["seal"].update(body=next_letter(v["seal"]["body"])),
        lambda v: v["seal"].update(key="A" * 43),
        lambda v: v["seal"].update(letter="A" * 43),
        lambda v: v.update(key=next_letter(v["key"])),
        lambda v: v["seal"]["shares"].pop(),
        lambda v: v["shares"].pop(),
        lambda v: v["shares"].clear(),
        lambda v: v["shares"].reverse(),
        lambda v: v["shares"].append(v["shares"][1]),
        lambda v: v["shares"].append([4, v["shares"][1][1]]),
        lambda v: v["shares"][1].__setitem__(0, 2),
        lambda v: v["shares"][1].__setitem__(1, v["shares"][0][1]),
        lambda v: v["shares"][1].__setitem__(1, "A" * 44),
        lambda v: v["shares"][1].__setitem__(1, "." * 44),
    ],
)
def test_an_opening_that_does_not_hold_together_has_no_shape(change: Callable[[dict[str, Any]], object]) -> None:
    """What it is then, void, unresolved or refused, is said at length."""
    data = changed_opening(change)
    assert judge(data) is None
    row = judged(data)
    assert isinstance(row, Finding) or row[2].verdict in ("void", "unresolved")


# --- names


def told(padded: bytes, kind: str = "roll") -> object:
    """What is told of a payload at length; None if it is none."""
    made = world(kind)
    try:
        payload = seal.unpad(padded)
    except ProtocolError:
        return None
    opened = opening.judge(payload, made.manifest)
    return compact_verdict(made.people[0].key, opened, verified=made.manifest.eligibility.check == "roll")


def tell(padded: bytes, kind: str = "roll") -> object:
    return NameShape(world(kind).manifest).judge_name(world(kind).people[0].key.encode(), padded)


@pytest.mark.parametrize("kind", ["roll", "codes"])
@pytest.mark.parametrize("name", ["A", "O'Sample", "כהן־לוי", "Zdeněk 3", "x" * 120])
@pytest.mark.parametrize("title", ["", "אל״ם במיל׳"])
def test_names_are_told_as_they_are(kind: str, name: str, title: str) -> None:
    padded = seal.pad(msgspec.structs.replace(world(kind).payload(world(kind).people[0]), name=name, title=title))
    assert tell(padded, kind) is not None
    assert tell(padded, kind) == told(padded, kind)


@settings(max_examples=400, deadline=None)
@given(nfc_text | st.text(max_size=130), nfc_text, st.sampled_from(["reserve", "retired", "others", "A", ""]))
@example("x" * 121, "", "reserve")
@example('"', "", "reserve")
@example("a\\", "b\n", "reserve")
@example(" a", "", "reserve")
@example("\u200b", "", "reserve")
@example("e\u0301", "", "reserve")
@example("\u0301", "", "reserve")
@example("", "", "reserve")
@example("a", "\x7f", "reserve")
def test_any_text_is_told_as_at_length_or_not_at_all(name: str, title: str, group: str) -> None:
    """Surrogates, marks that would compose, controls, what JSON escapes: whatever is taken is taken alike."""
    payload = {**msgspec.to_builtins(world().payload(world().people[0])), "name": name, "title": title, "group": group}
    data = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
    padded = data + b"\x80" + bytes(1024 - len(data) - 1)
    assert tell(padded) in (None, told(padded))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_payload_is_told_as_at_length_or_not_at_all(data: st.DataObject) -> None:
    padded = seal.pad(world().payload(world().people[0]))
    changed = data.draw(mutations(padded[: padded.rindex(b"\x80") + 3]))
    whole = changed[:1024] + bytes(1024 - len(changed[:1024]))
    assert tell(whole) in (None, told(whole))


def test_a_payload_in_no_encoding_has_no_shape() -> None:
    padded = seal.pad(msgspec.structs.replace(world().payload(world().people[0]), name="ab"))
    assert tell(padded) is not None
    for bad in (b"\xff\xff", b"a\x80", b"\xc0\xaf"):
        changed = padded.replace(b'"ab"', b'"%b"' % bad)
        assert (tell(changed), told(changed)) == (None, None)


def test_what_json_escapes_is_what_a_shape_does_not_take() -> None:
    """Canonical JSON writes every other character as itself, in UTF-8."""
    escaped = set(map(chr, range(32))) | {'"', "\\"}
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            character = chr(code)
            assert (msgspec.json.encode(character) == b'"%b"' % character.encode()) == (character not in escaped)


def test_the_threshold_is_the_letters() -> None:
    """Fewer shares than it takes are for the long way, which finds the seal unresolved."""
    made = world("nine trustees")
    shape = OpeningShape(made.manifest, made.id)
    assert shape.judge(line("nine trustees", openers=(1, 2, 3, 4))) is None
    assert shape.judge(line("nine trustees", openers=(1, 2, 3, 4, 9))) is not None
