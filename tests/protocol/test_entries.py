"""Entries: what can be said in the log, and by whom (section 6)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from letterworld import LetterWorld
from undersigned.protocol import base64url, entries
from undersigned.protocol.errors import CredentialError, LetterError, MalformedError, SignatureError

WORLD = LetterWorld(4)
OTHER = LetterWorld(4, seed=2)
ANNE, BEN = WORLD.people[:2]
SIGNED = WORLD.sign_entry(ANNE, WORLD.make_object(ANNE, WORLD.payload(ANNE)), 0)
ORGANISER = WORLD.organiser_seed
ALL: dict[str, tuple[Any, bytes]] = {
    "approval": (entries.Approval(v=1, letter=WORLD.id, trustee=2), WORLD.trustees[1][1]),
    "sign": (SIGNED, ANNE.seed),
    "withdraw": (entries.Withdraw(v=1, letter=WORLD.id, key=ANNE.key), ANNE.seed),
    "notice": (entries.Notice(v=1, letter=WORLD.id, edition=1, after="2026-01-02T00:00:00Z"), ORGANISER),
    "cut": (entries.Cut(v=1, letter=WORLD.id, edition=1), ORGANISER),
    "strike": (entries.Strike(v=1, letter=WORLD.id, edition=1, key=ANNE.key, reason="asked"), ORGANISER),
    "abandon": (entries.Abandon(v=1, letter=WORLD.id), ORGANISER),
}
each_type = pytest.mark.parametrize("kind", ALL)


@each_type
def test_an_entry_is_its_bytes_and_its_signature(kind: str) -> None:
    """Written, read and verified again; the type in the bytes is the purpose signed for."""
    entry, seed = ALL[kind]
    signed = entries.sign_entry(entry, seed)
    assert entries.parse(entries.encode(signed)) == signed
    assert entries.type_of(signed) == kind
    entries.verify_entry(signed, WORLD.manifest, WORLD.id)


@each_type
def test_an_entry_by_another_key_is_refused(kind: str) -> None:
    """Only their own key can sign for a trustee, a signatory or the organiser."""
    entry, _ = ALL[kind]
    with pytest.raises(SignatureError):
        entries.verify_entry(entries.sign_entry(entry, BEN.seed), WORLD.manifest, WORLD.id)


@each_type
def test_an_entry_for_another_letter_is_refused(kind: str) -> None:
    """An entry cannot be carried from one letter to another."""
    entry, seed = ALL[kind]
    moved = entries.sign_entry(msgspec.structs.replace(entry, letter=OTHER.id), seed)
    with pytest.raises(LetterError):
        entries.verify_entry(moved, WORLD.manifest, WORLD.id)


def test_a_trustee_who_is_not_there_cannot_approve() -> None:
    """Index 4 of 3."""
    entry = entries.sign_entry(entries.Approval(v=1, letter=WORLD.id, trustee=4), ORGANISER)
    with pytest.raises(MalformedError, match="no such trustee"):
        entries.verify_entry(entry, WORLD.manifest, WORLD.id)


def resigned(**fields: Any) -> entries.Sign:
    return entries.sign_entry(msgspec.structs.replace(SIGNED, **fields), ANNE.seed)


def test_a_credential_is_good_for_its_key_only() -> None:
    """One used under another key, left out, doubled, or altered, is refused."""
    item = SIGNED.credentials[0]
    lent = entries.sign_entry(msgspec.structs.replace(SIGNED, key=BEN.key), BEN.seed)
    altered = msgspec.structs.replace(item, prefix=base64url.encode(bytes(32)))
    stranger = msgspec.structs.replace(item, registrar=base64url.encode(bytes(32)))
    for wrong in (
        lent,
        resigned(credentials=[]),
        resigned(credentials=[item, item]),
        resigned(credentials=[altered]),
        resigned(credentials=[stranger]),
    ):
        with pytest.raises(CredentialError):
            entries.verify_entry(wrong, WORLD.manifest, WORLD.id)


def test_with_two_registrars_both_must_certify() -> None:
    """In the manifest's order; one alone, or one twice, is not enough."""
    world = LetterWorld(2, registrars=2)
    person = world.people[0]
    entry = world.sign_entry(person, world.make_object(person, world.payload(person)), 0)
    entries.verify_entry(entry, world.manifest, world.id)
    one, two = entry.credentials
    for wrong in ([one], [one, one], [two, one]):
        changed = entries.sign_entry(msgspec.structs.replace(entry, credentials=wrong), person.seed)
        with pytest.raises(CredentialError):
            entries.verify_entry(changed, world.manifest, world.id)


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "AA"},
        {"object": "AA"},
        {"seq": -1},
        {"seq": 10**9},
        {"signature": ""},
        {"signature": "AA"},
        {"letter": "AA"},
        {"credentials": [entries.Credential(prefix="AA", registrar=WORLD.id, signature="AA")]},
        {"credentials": [entries.Credential(prefix=WORLD.id, registrar="AA", signature="AA")]},
        {"credentials": [entries.Credential(prefix=WORLD.id, registrar=WORLD.id, signature="AA")]},
    ],
)
def test_a_field_that_is_not_of_its_form_is_malformed(fields: dict[str, Any]) -> None:
    """Lengths, ranges and spellings are the parser's to refuse."""
    with pytest.raises(MalformedError):
        entries.parse(entries.encode(msgspec.structs.replace(SIGNED, **fields)))


def test_no_entry_carries_a_time_an_address_or_a_name() -> None:
    """Except for the notice, whose time is the organiser's announcement to the public."""
    fields = {field for entry, _ in ALL.values() for field in msgspec.structs.asdict(entry)}
    assert fields == {
        "v", "letter", "signature", "trustee", "key", "seq", "credentials", "object", "edition", "after", "reason",
    }  # fmt: skip


def test_a_second_pass_reads_the_same_entry() -> None:
    """Faster, over bytes that were checked before; what is no entry is still refused."""
    data = entries.encode(SIGNED)
    assert entries.parse_checked(data) == entries.parse(data)
    for wrong in (b"{}", b"\xff", b""):
        with pytest.raises(MalformedError):
            entries.parse_checked(wrong)
