"""The roll: who may sign, published as salted leaves (protocol.md section 3).

From one access code c come three things: the token that activates it, the salt of its leaf, and the key of the box in
which the server keeps the record for the code's holder. The server can't open any box.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import base64url, canonical, findings, merkle
from .errors import InvalidError, MalformedError
from .manifest import Count
from .purposes import digest, hkdf

_ZERO_NONCE: Final = bytes(12)
"""Safe: each key seals one message, ever."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person of the roll: group id, name, title; empty strings where there is none."""

    group: str
    name: str
    title: str


class Roll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="roll"):
    """``roll.json``: the leaves, sorted by their bytes, and the RFC 6962 root over them."""

    v: Literal[1]
    size: Count
    root: str
    leaves: list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """What a code's holder derives from it. ``token`` goes to the server; ``salt`` and ``box_key`` do not."""

    token: bytes
    salt: bytes
    box_key: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """What the server keeps of one code: SHA-256(token), leaf, box."""

    token_hash: bytes
    leaf: bytes
    box: bytes


def registrar_id(spki: bytes) -> bytes:
    """``rid``: digest("registrar", SubjectPublicKeyInfo DER) of the first registrar, the salt of all derivations."""
    return digest("registrar", spki)


def place(code: bytes, rid: bytes) -> Place:
    """What an access code (20 ASCII characters) stands for under registrar ``rid``."""
    return Place(
        token=hkdf(code, rid, "access-token", 32),
        salt=hkdf(code, rid, "roll-salt", 32),
        box_key=hkdf(code, rid, "roll-box", 32),
    )


def leaf_of(salt: bytes, record: Record) -> bytes:
    """digest("roll", salt ‖ canonical(record)): says nothing about the record to those without the salt."""
    return digest("roll", salt + canonical.encode(record))


def make_slot(code: bytes, rid: bytes, record: Record) -> Slot:
    """The server's part for one person. The code itself goes to the person and is then forgotten."""
    where = place(code, rid)
    leaf = leaf_of(where.salt, record)
    box = AESGCM(where.box_key).encrypt(_ZERO_NONCE, canonical.encode(record), leaf)
    return Slot(token_hash=token_hash(where.token), leaf=leaf, box=box)


def token_hash(token: bytes) -> bytes:
    """SHA-256(token): all the server holds of a code, with or without a roll."""
    return hashlib.sha256(token).digest()


def open_box(where: Place, leaf: bytes, box: bytes) -> Record:
    """The record in a box, for the holder of the code.

    Raises InvalidError unless box and leaf belong to this code, MalformedError if it holds no record.
    """
    try:
        data = AESGCM(where.box_key).decrypt(_ZERO_NONCE, box, leaf)
    except InvalidTag as error:
        raise InvalidError("the box does not belong to this code") from error
    record: Record = canonical.decode_as(data, Record)
    if leaf_of(where.salt, record) != leaf:
        raise InvalidError("the box and its place on the roll do not agree")
    return record


def make_roll(leaves: list[bytes]) -> Roll:
    """The published roll over these leaves. Raises ValueError if one stands twice."""
    ordered = sorted(leaves)
    if len(set(ordered)) != len(ordered):
        raise ValueError("a leaf stands twice")
    return Roll(
        v=1, size=len(ordered), root=base64url.encode(_root(ordered)), leaves=[base64url.encode(x) for x in ordered]
    )


def _root(leaves: list[bytes]) -> bytes:
    return merkle.root(merkle.leaf_hash(leaf) for leaf in leaves)


def parse_roll(data: bytes) -> Roll:
    """The roll in ``roll.json``. Raises MalformedError unless it is sorted, without repeats, and its root follows."""
    roll: Roll = canonical.decode_as(data, Roll, limit=canonical.MAX_DOCUMENT)
    leaves = [base64url.decode(leaf, 32) for leaf in roll.leaves]
    if roll.size != len(leaves):
        raise MalformedError(findings.roll_size())
    if any(a >= b for a, b in itertools.pairwise(leaves)):
        raise MalformedError(findings.roll_order())
    if roll.root != base64url.encode(_root(leaves)):
        raise MalformedError(findings.roll_root())
    return roll
