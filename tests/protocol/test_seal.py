"""Sealing: no name can be read until k trustees open it, and a seal belongs to its place (section 5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from letterworld import LetterWorld
from undersigned.protocol import base64url, canonical, seal, shamir
from undersigned.protocol.errors import LetterError, MalformedError, ObjectError, OpeningError

WORLD = LetterWorld(4)
OTHER = LetterWorld(4, seed=2)
ANNE, BEN = WORLD.people[:2]
for _person in (ANNE, BEN):
    WORLD.sign(_person)


def seal_of(key: str) -> seal.Seal:
    """The seal that ``WORLD`` holds for ``key``."""
    found = WORLD.objects[key]
    assert isinstance(found, seal.Seal)
    return found


SEAL = seal_of(ANNE.key)


def key_of(trustee: int) -> Any:
    return seal.seal_key(WORLD.trustees[trustee - 1][0])


def test_each_trustee_opens_their_own_share_only() -> None:
    """The share of one does not open with another's key."""
    for trustee in (1, 2, 3):
        share = seal.open_share(SEAL, trustee, key_of(trustee))
        seal.check_share(SEAL, trustee, share)
        with pytest.raises(OpeningError, match="does not open"):
            seal.open_share(SEAL, trustee, key_of(trustee % 3 + 1))
    for nobody in (0, 4):
        with pytest.raises(OpeningError, match="no such trustee"):
            seal.open_share(SEAL, nobody, key_of(1))
        with pytest.raises(OpeningError, match="no such trustee"):
            seal.check_share(SEAL, nobody, bytes(33))


def test_a_seal_copied_under_another_key_does_not_open() -> None:
    """Mallory cannot have Anne's name opened by signing with a copy of her seal (attack A3)."""
    copied = msgspec.structs.replace(SEAL, key=BEN.key)
    with pytest.raises(OpeningError):
        seal.open_share(copied, 1, key_of(1))
    moved = msgspec.structs.replace(SEAL, letter=OTHER.id)
    with pytest.raises(OpeningError):
        seal.open_share(moved, 1, key_of(1))
    swapped = msgspec.structs.replace(SEAL, shares=[msgspec.structs.replace(SEAL.shares[0], t=2), *SEAL.shares[1:]])
    swapped.shares[1] = msgspec.structs.replace(SEAL.shares[0], t=2)
    with pytest.raises(OpeningError):
        seal.open_share(swapped, 2, key_of(1))


def test_the_body_opens_with_the_shares_key_only() -> None:
    """And only where it belongs."""
    shares = {j: seal.open_share(SEAL, j, key_of(j)) for j in (1, 3)}
    secret = shamir.combine(list(shares.values()))
    assert seal.open_body(SEAL, secret).name == ANNE.record.name
    with pytest.raises(OpeningError):
        seal.open_body(SEAL, bytes(32))
    with pytest.raises(OpeningError):
        seal.open_body(msgspec.structs.replace(SEAL, key=BEN.key), secret)


def test_an_object_is_taken_by_the_hash_an_entry_names_it_by() -> None:
    """The very bytes and no others: neither another's seal nor the same one with a byte more."""
    data = canonical.encode(SEAL)
    assert seal.parse_named(data, seal.object_hash(SEAL)) == SEAL
    for other in (canonical.encode(WORLD.objects[BEN.key]), data + b"\n", b"", b"{}"):
        assert seal.parse_named(other, seal.object_hash(SEAL)) is None


def test_every_seal_is_equally_long() -> None:
    """A long name, a short one and none at all look alike from outside."""
    kinds = ("name", "initials", "anonymous")
    sizes = set()
    for kind in kinds:
        made = WORLD.make_object(ANNE, WORLD.payload(ANNE, kind))  # type: ignore[arg-type]
        assert isinstance(made, seal.Seal)
        sizes.add((len(made.body), *(len(share.sealed) for share in made.shares)))
    assert len(sizes) == 1


def test_a_share_that_is_not_the_one_committed_to_is_refused_and_named() -> None:
    """Another x, another y, another length."""
    share = seal.open_share(SEAL, 2, key_of(2))
    for wrong in (share[:-1] + bytes([share[-1] ^ 1]), bytes([share[0] ^ 1]) + share[1:], share[1:], b""):
        with pytest.raises(OpeningError, match="trustee 2"):
            seal.check_share(SEAL, 2, wrong)


def payload(**fields: Any) -> seal.Payload:
    return msgspec.structs.replace(WORLD.payload(ANNE), **fields)


def test_padding_is_undone_exactly() -> None:
    """A payload comes back; anything not padded just so does not."""
    data = seal.pad(payload())
    assert len(data) == seal.PADDED
    assert seal.unpad(data) == payload()
    for wrong in (
        data[:-1],
        data + b"\0",
        data[:-1] + b"\1",
        bytes(1024),
        b"\x80" + bytes(1023),
        b"{}\x80" + bytes(1021),
    ):
        with pytest.raises(MalformedError):
            seal.unpad(wrong)
    with pytest.raises(MalformedError, match="too long"):
        seal.pad(payload(name="x" * 1000))


@pytest.mark.parametrize("fields", [{"nonce": "AA"}, {"roll": "AA"}])
def test_a_payload_with_a_short_nonce_or_salt_is_malformed(fields: dict[str, str]) -> None:
    """Each has its length."""
    data = canonical.encode(payload(**fields))
    with pytest.raises(MalformedError):
        seal.unpad(data + b"\x80" + bytes(1023 - len(data)))


def test_keys_that_are_no_keys() -> None:
    """A short one, one with unreduced coefficients, one of small order: refused in words."""
    good = base64url.decode(WORLD.manifest.trustees[0].seal)
    assert seal.seal_public_key(WORLD.trustees[0][0]) == good
    seal.load_seal_public_key(good)
    for wrong in (good[:-1], b"\xff" * 1216):
        with pytest.raises(MalformedError):
            seal.load_seal_public_key(wrong)
    small = base64url.encode(good[:1184] + bytes(32))
    trustees = [msgspec.structs.replace(WORLD.manifest.trustees[0], seal=small), *WORLD.manifest.trustees[1:]]
    bad = msgspec.structs.replace(WORLD.manifest, trustees=trustees)
    with pytest.raises(MalformedError, match="no X-Wing key"):
        seal.make_seal(
            bad, WORLD.letter, ANNE.key_bytes, payload(), secret=bytes(32), xs=b"\1\2\3", coefficients=bytes(32)
        )


def test_a_point_of_small_order_in_a_seal_is_a_share_that_does_not_open() -> None:
    """A signatory cannot make a trustee's tool stumble with a crafted ephemeral key."""
    sealed = base64url.decode(SEAL.shares[0].sealed)
    # An ephemeral X25519 key stands behind the 1,088 bytes of ML-KEM.
    low = base64url.encode(sealed[:1088] + bytes(32) + sealed[1120:])
    bad = msgspec.structs.replace(SEAL, shares=[msgspec.structs.replace(SEAL.shares[0], sealed=low), *SEAL.shares[1:]])
    with pytest.raises(OpeningError):
        seal.open_share(bad, 1, key_of(1))


RECORD = seal.RecordObject(v=1, letter=WORLD.id, key=ANNE.key, record=WORLD.payload(ANNE))
SHARE = SEAL.shares[0]
REFUSED: dict[str, tuple[seal.SignedObject, type[Exception]]] = {
    "a record in a sealed letter": (RECORD, ObjectError),
    "another letter": (msgspec.structs.replace(SEAL, letter=OTHER.id), LetterError),
    "another key": (msgspec.structs.replace(SEAL, key=BEN.key), ObjectError),
    "a short body": (msgspec.structs.replace(SEAL, body="AA"), MalformedError),
    "a share missing": (msgspec.structs.replace(SEAL, shares=SEAL.shares[:2]), ObjectError),
    "shares out of order": (msgspec.structs.replace(SEAL, shares=SEAL.shares[::-1]), ObjectError),
    "one x twice": (
        msgspec.structs.replace(SEAL, shares=[msgspec.structs.replace(s, x=7) for s in SEAL.shares]),
        ObjectError,
    ),
    "a short commitment": (
        msgspec.structs.replace(SEAL, shares=[msgspec.structs.replace(SHARE, commit="AA"), *SEAL.shares[1:]]),
        MalformedError,
    ),
    "a short sealed share": (
        msgspec.structs.replace(SEAL, shares=[msgspec.structs.replace(SHARE, sealed="AA"), *SEAL.shares[1:]]),
        MalformedError,
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_an_object_that_does_not_belong_is_refused(why: str) -> None:
    """Before it is stored: by form, by letter, by key."""
    value, error = REFUSED[why]
    with pytest.raises(error):
        seal.check_object(value, WORLD.manifest, WORLD.id, ANNE.key)


def test_objects_that_belong() -> None:
    """A seal in a sealed letter, a record in a public one; each is its bytes, and its hash is its name."""
    seal.check_object(SEAL, WORLD.manifest, WORLD.id, ANNE.key)
    public = LetterWorld(2, sealed=False)
    record = msgspec.structs.replace(RECORD, letter=public.id)
    seal.check_object(record, public.manifest, public.id, ANNE.key)
    for value in (SEAL, record):
        assert seal.parse_object(canonical.encode(value)) == value
    assert seal.object_hash(SEAL) != seal.object_hash(msgspec.structs.replace(SEAL, key=BEN.key))
