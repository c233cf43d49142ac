"""Worker tasks of a verification: verify one piece of entries or openings; plain values in, MessagePack out.

A task reads its bytes once: the bytes that are hashed, checked and counted are the same. Answers are
MessagePack, which takes a fifth of the time that Python's own way between processes does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from . import base64url, bundle, entries, findings, manifest, opening, tiles
from .errors import ProtocolError
from .finding import Finding
from .merkle import leaf_hash
from .seal import check_object, hash_of_bytes
from .shapes import OpeningShape, Row, Signed, SignShape
from .verdict import compact_verdict

Source = bytes | Callable[[], bytes] | ProtocolError
"""A file's bytes, or what reads them where they are needed, or why they are not to be had."""


class Checked(msgspec.Struct, frozen=True, array_like=True):
    """What an entry bundle says.

    ``leaves``: its leaf hashes, one after another; ``top``: the root over them, if the bundle is full; ``said``: what
    counts of each entry up to the first bad one; ``bad``: its place in the bundle, and what is wrong with it.
    """

    leaves: bytes
    top: bytes | None
    said: list[Signed | bytes]
    bad: tuple[int, Finding] | None


_ENTRIES: Final = msgspec.msgpack.Decoder(Checked)
_OPENINGS: Final = msgspec.msgpack.Decoder(list[Row | Finding])


class EntryPiece(NamedTuple):
    """One entry bundle of ``width`` entries, to be hashed and, if ``wanted``, checked by themselves.

    ``letter``: the manifest's bytes; ``skip``: how many entries, the manifest, are looked at elsewhere.
    """

    letter: bytes
    data: Source
    width: int
    skip: int
    wanted: bool


class OpeningPiece(NamedTuple):
    """Lines of openings (sealed letters) or records (public ones). ``letter``: the manifest's bytes."""

    letter: bytes
    data: Source


class _Letter:
    """What every piece of one letter needs to know, made once."""

    def __init__(self, source: bytes) -> None:
        self.manifest = manifest.parse(source)
        self.id = base64url.encode(manifest.letter_id(source))
        self.verified: Final = self.manifest.eligibility.check == "roll"
        self.sign = SignShape(self.manifest, self.id)
        self.opening = OpeningShape(self.manifest, self.id) if self.manifest.sealed else None


_known = lru_cache(maxsize=2)(_Letter)


def check(piece: EntryPiece | OpeningPiece) -> bytes:
    """Processes one piece in a worker. Raises MalformedError if its bytes cannot be split into entries or lines."""
    known, data = _known(piece.letter), piece.data
    if isinstance(data, ProtocolError):
        raise data
    if not isinstance(data, bytes):
        data = data()
    if isinstance(piece, EntryPiece):
        return msgspec.msgpack.encode(_check_entries(known, tiles.unpack_entries(data, piece.width), piece))
    return msgspec.msgpack.encode([_judge_line(line, known) for line in bundle.lines_of(data)])


def entries_in(answer: bytes) -> Checked:
    """What ``check`` answered to an EntryPiece."""
    return _ENTRIES.decode(answer)


def openings_in(answer: bytes) -> list[Row | Finding]:
    """What ``check`` answered to an OpeningPiece: what each line says, or what is wrong with it."""
    return _OPENINGS.decode(answer)


def _check_entries(known: _Letter, rows: list[bytes], piece: EntryPiece) -> Checked:
    hashes = [leaf_hash(row) for row in rows]
    said: list[Signed | bytes] = []
    bad = None
    for place, row in enumerate(rows[piece.skip :] if piece.wanted else (), start=piece.skip):
        try:
            said.append(known.sign.check(row) or _check_entry(row, known))
        except ProtocolError as error:
            bad = place, error.finding
            break
    return Checked(b"".join(hashes), tiles.subtree_root(hashes) if len(rows) == tiles.WIDTH else None, said, bad)


def _check_entry(data: bytes, known: _Letter) -> Signed | bytes:
    entry = entries.parse(data)
    entries.verify_entry(entry, known.manifest, known.id)
    return (entry.key, entry.seq, entry.object) if isinstance(entry, entries.Sign) else data


def _judge_line(line: bytes, known: _Letter) -> Row | Finding:
    found = known.opening.judge(line) if known.opening else None
    if found is not None:
        return found
    key: str | None = None
    try:
        if known.manifest.sealed:
            row = opening.parse_opening(line)
            base64url.check(row.key, 32)
            key = row.key
            check_object(row.seal, known.manifest, known.id, key)
            shares = opening.checked_shares(row)
            hashed = hash_of_bytes(opening.seal_bytes(line, row))
            opened = opening.object_payload(row.seal, shares, known.manifest)
        else:
            value = opening.parse_objects_line(line)
            base64url.check(value.key, 32)
            key = value.key
            check_object(value, known.manifest, known.id, key)
            hashed, opened = hash_of_bytes(line), opening.judge(value.record, known.manifest)
    except ProtocolError as error:
        return findings.line(because=error.finding) if key is None else findings.key(key=key, because=error.finding)
    return key, hashed, compact_verdict(key, opened, verified=known.verified)
