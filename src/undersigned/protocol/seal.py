"""Sealing a name to k of n trustees (protocol.md section 5).

Everything that ties a seal to its place (letter, signatory's key, trustee) is inside ``info`` and ``aad``: a seal
copied under another key does not open.

The sender's ephemeral randomness inside HPKE is OpenSSL's own: pyca offers no way to hand it in. All other randomness
is an argument.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Annotated, Final, Literal, cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from . import base64url, canonical, findings, shamir
from .errors import LetterError, MalformedError, ObjectError, OpeningError
from .manifest import SEAL_KEY_LENGTH, Manifest
from .purposes import digest, tag

PADDED: Final = 1024
"""Bytes of every sealed payload: a long name must not look longer than none."""
SEED_LENGTH: Final = 32
SHARE_LENGTH: Final = 33
BODY_LENGTH: Final = PADDED + 16
SEALED_LENGTH: Final = 1120 + SHARE_LENGTH + 16
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_ZERO_NONCE: Final = bytes(12)
"""Safe: the body's key is fresh for each seal and used once."""


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a signatory seals. ``roll``: the salt of their leaf, or None; ``nonce``: 16 random bytes; both base64url."""

    as_: Literal["name", "initials", "anonymous"] = msgspec.field(name="as")
    group: str
    name: str
    title: str
    roll: str | None
    nonce: str


class SealedShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One trustee's part: index from 1, Shamir's x, the commitment to the share, and the share sealed to them."""

    t: Annotated[int, msgspec.Meta(ge=1, le=9)]
    x: Annotated[int, msgspec.Meta(ge=1, le=255)]
    commit: str
    sealed: str


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="seal"):
    """The sealed object of one signature."""

    v: Literal[1]
    letter: str
    key: str
    body: str
    shares: list[SealedShare]


class RecordObject(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="record"
):
    """The object of one signature under a public letter: the payload as it is."""

    v: Literal[1]
    letter: str
    key: str
    record: Payload


SignedObject = Seal | RecordObject


def seal_key(seed: bytes) -> MLKEM768X25519PrivateKey:
    """A trustee's X-Wing private key from its 32-byte seed (draft-connolly-cfrg-xwing-kem section 5.2)."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def seal_public_key(seed: bytes) -> bytes:
    """The 1,216 bytes of the public key of ``seed``: ML-KEM-768's, then X25519's."""
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
        + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()
    )


def load_seal_public_key(data: bytes) -> MLKEM768X25519PublicKey:
    """Raises MalformedError unless ``data`` are the 1,216 bytes of an X-Wing public key."""
    if len(data) != SEAL_KEY_LENGTH:
        raise MalformedError("a trustee's sealing key has a wrong length")
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(data[:1184]), X25519PublicKey.from_public_bytes(data[1184:])
        )
    except ValueError as error:
        raise MalformedError("a trustee's sealing key is no X-Wing key") from error


def pad(payload: Payload) -> bytes:
    """canonical(payload) ‖ 0x80 ‖ zeros, 1,024 bytes. Raises MalformedError if the payload is too long."""
    data = canonical.encode(payload)
    if len(data) >= PADDED:
        raise MalformedError("name and title are too long together")
    return data + b"\x80" + bytes(PADDED - len(data) - 1)


def unpad(data: bytes) -> Payload:
    """The payload in padded bytes. Raises MalformedError unless they are one, canonical and padded so."""
    body, marker, zeros = data.rpartition(b"\x80")
    if len(data) != PADDED or not marker or zeros.strip(b"\x00"):
        raise MalformedError("a sealed payload is not padded as it must be")
    payload: Payload = canonical.decode_as(body, Payload)
    check_payload(payload)
    return payload


def check_payload(payload: Payload) -> None:
    """Raises MalformedError unless the nonce and the salt are bytes of their lengths."""
    base64url.check(payload.nonce, 16)
    if payload.roll is not None:
        base64url.check(payload.roll, 32)


def make_seal(
    manifest: Manifest, letter: bytes, key: bytes, payload: Payload, *, secret: bytes, xs: bytes, coefficients: bytes
) -> Seal:
    """Seals ``payload`` to the manifest's trustees.

    ``letter``: letter id; ``key``: the signatory's public key; ``secret``: 32 random bytes; ``xs``: one distinct
    non-zero random byte a trustee; ``coefficients``: (threshold - 1) x 32 random bytes.
    Raises MalformedError if the payload is too long or a trustee's key is none.
    """
    body = AESGCM(secret).encrypt(_ZERO_NONCE, pad(payload), tag("seal") + letter + key)
    shares = shamir.split(secret, xs, manifest.threshold, coefficients)
    sealed = []
    for index, (trustee, share) in enumerate(zip(manifest.trustees, shares, strict=True), start=1):
        recipient = load_seal_public_key(base64url.decode(trustee.seal))
        try:
            box = _SUITE.encrypt(share, recipient, info=share_info(letter, key, index))
        except ValueError as error:
            # An X25519 point of small order has the right length, and agrees on no secret.
            raise MalformedError("a trustee's sealing key is no X-Wing key") from error
        sealed.append(
            SealedShare(
                t=index,
                x=share[-1],
                commit=base64url.encode(commitment(letter, key, index, share)),
                sealed=base64url.encode(box),
            )
        )
    return Seal(
        v=1, letter=base64url.encode(letter), key=base64url.encode(key), body=base64url.encode(body), shares=sealed
    )


def share_info(letter: bytes, key: bytes, trustee: int) -> bytes:
    """HPKE's info: tag("seal-share") ‖ letter ‖ pk ‖ byte(j)."""
    return tag("seal-share") + letter + key + bytes([trustee])


def commitment(letter: bytes, key: bytes, trustee: int, share: bytes) -> bytes:
    """commit_j = digest("share", letter ‖ pk ‖ byte(j) ‖ share)."""
    return digest("share", letter + key + bytes([trustee]) + share)


def letter_and_key(seal: Seal) -> tuple[bytes, bytes]:
    """Letter id and signatory's key of a seal, as bytes. Raises MalformedError."""
    return _bytes_of_letter(seal.letter), _bytes_of_key(seal.key)


# One letter's seals are looked at together, and each several times in a row.
@lru_cache(maxsize=16)
def _bytes_of_letter(spelt: str) -> bytes:
    return base64url.decode(spelt, 32)


@lru_cache(maxsize=16)
def _bytes_of_key(spelt: str) -> bytes:
    return base64url.decode(spelt, 32)


def open_share(seal: Seal, trustee: int, seed_key: MLKEM768X25519PrivateKey) -> bytes:
    """Trustee ``trustee``'s share of a seal, 33 bytes, checked against its commitment.

    Raises OpeningError if it does not open, or is not the share committed to.
    """
    if not 1 <= trustee <= len(seal.shares):
        raise OpeningError(findings.trustee_unknown())
    part = seal.shares[trustee - 1]
    letter, key = letter_and_key(seal)
    try:
        share = _SUITE.decrypt(base64url.decode(part.sealed), seed_key, info=share_info(letter, key, trustee))
    except InvalidTag as error:
        raise OpeningError("a share does not open with this trustee's key") from error
    check_share(seal, trustee, share)
    return share


def check_share(seal: Seal, trustee: int, share: bytes) -> None:
    """Raises OpeningError unless ``share`` is the one the seal commits to for ``trustee`` (from 1)."""
    if not 1 <= trustee <= len(seal.shares):
        raise OpeningError(findings.trustee_unknown())
    part = seal.shares[trustee - 1]
    letter, key = letter_and_key(seal)
    if len(share) != SHARE_LENGTH or share[-1] != part.x:
        raise OpeningError(findings.share_form(trustee=trustee))
    if base64url.encode(commitment(letter, key, trustee, share)) != part.commit:
        raise OpeningError(findings.share_commitment(trustee=trustee))


def open_body(seal: Seal, secret: bytes) -> Payload:
    """The payload of a seal, given its key. Raises OpeningError or MalformedError if it is none."""
    letter, key = letter_and_key(seal)
    try:
        data = AESGCM(secret).decrypt(_ZERO_NONCE, base64url.decode(seal.body), tag("seal") + letter + key)
    except InvalidTag as error:
        raise OpeningError("the sealed name does not open with the shares' key") from error
    return unpad(data)


def parse_object(data: bytes) -> SignedObject:
    """The object in ``data``. Raises MalformedError for anything that is none, whatever the letter."""
    return cast(SignedObject, canonical.decode_as(data, SignedObject))


def parse_named(data: bytes, object_hash: str) -> SignedObject | None:
    """The object in ``data`` if it is the one an entry names; None if its bytes are others.

    What was once parsed to be put under that hash is canonical: only the hash is looked at, not the form again.
    """
    if hash_of_bytes(data) != object_hash:
        return None
    return cast(SignedObject, canonical.decoder(SignedObject).decode(data))


def check_object(value: SignedObject, manifest: Manifest, letter: str, key: str) -> None:
    """Raises unless ``value`` is of the form this letter calls for, for this letter and this key.

    MalformedError for the form, LetterError and ObjectError for the place.
    """
    if isinstance(value, Seal) != manifest.sealed:
        raise ObjectError(findings.object_kind())
    if value.letter != letter:
        raise LetterError(findings.object_letter())
    if value.key != key:
        raise ObjectError(findings.object_key())
    if isinstance(value, RecordObject):
        check_payload(value.record)
        return
    base64url.check(value.body, BODY_LENGTH)
    if [share.t for share in value.shares] != list(range(1, len(manifest.trustees) + 1)):
        raise ObjectError(findings.seal_shares())
    if len({share.x for share in value.shares}) != len(value.shares):
        raise ObjectError(findings.seal_x())
    for share in value.shares:
        base64url.check(share.commit, 32)
        base64url.check(share.sealed, SEALED_LENGTH)


def object_hash(value: SignedObject) -> str:
    """base64url of digest("object", canonical(object)): all that the log holds of it."""
    return hash_of_bytes(canonical.encode(value))


def hash_of_bytes(data: bytes) -> str:
    """``object_hash`` of the object whose canonical bytes are ``data``."""
    return base64url.encode(digest("object", data))
