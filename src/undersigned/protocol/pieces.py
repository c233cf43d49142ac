"""The heavy part of checking a letter, in pieces that a pool of processes can take: plain values in and out."""

from __future__ import annotations

from . import base64url, entries, manifest, opening, tiles
from .errors import ProtocolError
from .seal import check_object, hash_of_bytes


def check_entries(work: tuple[bytes, int, bytes, int]) -> tuple[int, str] | None:
    """Checks the entries of one bundle by themselves: for a pool of processes.

    ``work``: manifest bytes, index of the first entry, the entry bundle, its width. Returns the index of the first bad
    entry and what is wrong with it, or None.
    """
    source, first, data, width = work
    known = manifest.parse(source)
    letter = base64url.encode(manifest.letter_id(source))
    for offset, entry in enumerate(tiles.unpack_entries(data, width)):
        if first + offset == 0:
            continue
        try:
            entries.verify_entry(entries.parse(entry), known, letter)
        except ProtocolError as error:
            return first + offset, str(error)
    return None


def check_openings(work: tuple[bytes, list[bytes]]) -> list[tuple[str, str, opening.Opened] | str]:
    """Judges openings (sealed letters) or records (public ones): for a pool of processes.

    ``work``: manifest bytes, lines. Returns key, object hash and verdict for each line, or a sentence for a bad one.
    """
    source, lines = work
    known = manifest.parse(source)
    letter = base64url.encode(manifest.letter_id(source))
    return [_judge_line(line, known, letter) for line in lines]


def _judge_line(line: bytes, known: manifest.Manifest, letter: str) -> tuple[str, str, opening.Opened] | str:
    key = "?"
    try:
        if known.sealed:
            row = opening.parse_opening(line)
            key = row.key
            check_object(row.seal, known, letter, key)
            shares = opening.checked_shares(row)
            hashed = hash_of_bytes(opening.seal_bytes(line, row))
            return key, hashed, opening.object_payload(row.seal, shares, known)
        value = opening.parse_objects_line(line)
        key = value.key
        check_object(value, known, letter, key)
        return key, hash_of_bytes(line), opening.judge(value.record, known)
    except ProtocolError as error:
        return f"key {key}: {error}"
