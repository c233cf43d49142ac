"""Opens seals with the trustees' shares: verdicts, published openings, public records. Never stores a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from undersigned.protocol import base64url
from undersigned.protocol.errors import LogError
from undersigned.protocol.opening import Opened, object_payload, opening_line
from undersigned.protocol.seal import hash_of_bytes, parse_object
from undersigned.protocol.verdict import CompactVerdict, compact_verdict
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import SealedObject, Share

_WIDTH = 500


def _load_objects(letter: FixedLetter, keys: Iterable[str]) -> Iterator[tuple[str, bytes, dict[int, bytes]]]:
    """For each key that has not withdrawn, its object and the shares of it by trustee; sorted by key.

    Reads ``_WIDTH`` keys at a time: a large letter's objects do not fit in memory.
    """
    ordered = ordered_keys(keys)
    for part in (ordered[i : i + _WIDTH] for i in range(0, len(ordered), _WIDTH)):
        shares: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        rows = Share.objects.filter(edition__letter=letter.pk, key__in=part)
        for key, trustee, share in rows.values_list("key", "trustee", "share"):
            shares[key][trustee] = bytes(share)
        objects = dict(SealedObject.objects.filter(letter=letter.pk, key__in=part).values_list("key", "body"))
        for key in part:
            if key in objects:
                yield key, bytes(objects[key]), shares[key]


def _open_objects(letter: FixedLetter, keys: Iterable[str]) -> Iterator[tuple[str, Opened]]:
    for key, body, shares in _load_objects(letter, keys):
        yield key, object_payload(parse_object(body), shares, letter.manifest)


def verdicts(letter: FixedLetter, keys: Iterable[str]) -> dict[str, Opened]:
    """The verdict on each key's object. Does not compare names with the roll."""
    return dict(_open_objects(letter, keys))


def compact_verdicts(letter: FixedLetter, keys: Iterable[str]) -> dict[str, CompactVerdict]:
    """The same verdicts in a compact form, from which an edition's bytes are built: a quarter of the memory."""
    verified = letter.manifest.eligibility.check == "roll"
    return {key: compact_verdict(key, opened, verified=verified) for key, opened in _open_objects(letter, keys)}


def openings_part(letter: FixedLetter, keys: Iterable[str]) -> bytes:
    """One part of a sealed letter's published openings: a line for each key, with its seal and all its shares.

    Raises LogError if one of them has withdrawn meanwhile.
    """
    wanted = list(keys)
    lines = [opening_line(key, body, shares) for key, body, shares in _load_objects(letter, wanted)]
    if len(lines) != len(wanted):
        raise LogError("a signatory withdrew meanwhile: the openings are not those of this checkpoint")
    return b"".join(lines)


def public_records(letter: FixedLetter, signed: Mapping[str, str]) -> bytes:
    """A public letter's ``objects.jsonl``: the record of each key.

    ``signed``: by key, the hash of the object it has signed. Raises LogError if the table no longer holds exactly
    these: the file has to be a snapshot of one checkpoint.
    """
    lines = []
    for key, body, _ in _load_objects(letter, signed):
        if hash_of_bytes(body) != signed[key]:
            raise LogError("a signatory changed their signature meanwhile: the records are not of this checkpoint")
        lines.append(body + b"\n")
    if len(lines) != len(signed):
        raise LogError("a signatory withdrew meanwhile: the records are not those of this checkpoint")
    return b"".join(lines)


def ordered_keys(keys: Iterable[str]) -> list[str]:
    """Keys sorted by their bytes, as in the published files. Sorting their base64url gives another order."""
    return sorted(keys, key=base64url.decode)
