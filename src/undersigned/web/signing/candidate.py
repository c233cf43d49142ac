"""Validates a posted entry as far as no database is needed, and types for its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.protocol import base64url, canonical, entries, merkle, seal
from undersigned.protocol.entries import Approval, Cut, Entry, Notice, Sign, Strike, Withdraw
from undersigned.protocol.errors import MalformedError, ObjectError
from undersigned.protocol.purposes import digest
from undersigned.web.letters.fixed_letter import FixedLetter


@dataclass(frozen=True, slots=True)
class Candidate:
    """A valid entry, not yet accepted. ``key``, ``seq``: as in ``log.Entry``; ``body``: of ``sign``, its object."""

    letter: FixedLetter
    entry: Entry
    data: bytes
    body: bytes | None
    leaf: str
    kind: str
    key: str
    seq: int
    object: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """The entry is durable. ``new``: it was accepted now, not earlier; ``by``: the time its receipt promises."""

    new: bool
    by: str


def row_identity(entry: Entry) -> tuple[str, int]:
    """The ``key`` and ``seq`` that identify an entry within its kind."""
    if isinstance(entry, Sign):
        return entry.key, entry.seq
    if isinstance(entry, (Withdraw, Strike)):
        return entry.key, 0
    if isinstance(entry, Approval):
        return "", entry.trustee
    return "", entry.edition if isinstance(entry, (Notice, Cut)) else 0


def check(letter: FixedLetter, data: bytes, value: seal.SignedObject | None) -> Candidate:
    """Validates a posted entry without the database. ``data``: its canonical bytes. Raises ProtocolError."""
    # Parsed again: the types that msgspec checked do not hold the lengths of keys, hashes and signatures.
    entry = entries.parse(data)
    entries.verify_entry(entry, letter.manifest, letter.letter)
    body, hashed = None, None
    if isinstance(entry, Sign):
        if value is None:
            raise MalformedError("a signature comes with its object")
        seal.check_object(value, letter.manifest, letter.letter, entry.key)
        body = canonical.encode(value)
        hashed = base64url.encode(digest("object", body))
        if hashed != entry.object:
            raise ObjectError("the object is not the one the entry names")
    elif value is not None:
        raise MalformedError("only a signature comes with an object")
    key, seq = row_identity(entry)
    return Candidate(
        letter=letter,
        entry=entry,
        data=data,
        body=body,
        leaf=base64url.encode(merkle.leaf_hash(data)),
        kind=entries.type_of(entry),
        key=key,
        seq=seq,
        object=hashed,
    )
