"""An entry that has been checked by itself, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.protocol import base64url, canonical, entries, merkle, seal
from undersigned.protocol.entries import Approval, Cut, Entry, Notice, Sign, Strike, Withdraw
from undersigned.protocol.errors import MalformedError, ObjectError
from undersigned.protocol.purposes import digest
from undersigned.web.letters.fixed_letter import FixedLetter


@dataclass(frozen=True, slots=True)
class Candidate:
    """``key`` and ``seq`` as in ``log.Entry``; ``body``: the object's bytes, with a ``sign`` entry only."""

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
    """The entry is durable. ``new``: it was not there before; ``by``: what its receipt promises."""

    new: bool
    by: str


def row_identity(entry: Entry) -> tuple[str, int]:
    """``key`` and ``seq`` under which an entry is unique among its kind."""
    if isinstance(entry, Sign):
        return entry.key, entry.seq
    if isinstance(entry, (Withdraw, Strike)):
        return entry.key, 0
    if isinstance(entry, Approval):
        return "", entry.trustee
    return "", entry.edition if isinstance(entry, (Notice, Cut)) else 0


def check(letter: FixedLetter, data: bytes, value: seal.SignedObject | None) -> Candidate:
    """Everything about a posted entry that needs no database. ``data``: its canonical bytes. Raises ProtocolError."""
    # Once more on its own: the lengths of keys, hashes and signatures are not in the shape msgspec knows.
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
