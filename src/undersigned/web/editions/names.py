"""What seals open to, computed when it is needed and never stored."""

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


def _held(letter: FixedLetter, keys: Iterable[str]) -> Iterator[tuple[str, bytes, dict[int, bytes]]]:
    """Of each key that still stands its object's bytes, and the shares there are for it by trustee; sorted by key."""
    ordered = ordered_keys(keys)
    for part in (ordered[i : i + _WIDTH] for i in range(0, len(ordered), _WIDTH)):
        shares: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        given = Share.objects.filter(edition__letter=letter.pk, key__in=part)
        for key, trustee, share in given.values_list("key", "trustee", "share"):
            shares[key][trustee] = bytes(share)
        objects = dict(SealedObject.objects.filter(letter=letter.pk, key__in=part).values_list("key", "body"))
        for key in part:
            if key in objects:
                yield key, bytes(objects[key]), shares[key]


def _opened(letter: FixedLetter, keys: Iterable[str]) -> Iterator[tuple[str, Opened]]:
    for key, body, shares in _held(letter, keys):
        yield key, object_payload(parse_object(body), shares, letter.manifest)


def verdicts(letter: FixedLetter, keys: Iterable[str]) -> dict[str, Opened]:
    """The verdict on each key's object, short of the roll."""
    return dict(_opened(letter, keys))


def told(letter: FixedLetter, keys: Iterable[str]) -> dict[str, CompactVerdict]:
    """The same in short: what an edition's bytes are put together from, at a quarter of the memory."""
    verified = letter.manifest.eligibility.check == "roll"
    return {key: compact_verdict(key, opened, verified=verified) for key, opened in _opened(letter, keys)}


def openings_part(letter: FixedLetter, keys: Iterable[str]) -> bytes:
    """What is published of these keys of a sealed letter: a line each, its seal and all shares there are.

    Raises LogError if one of them has withdrawn meanwhile.
    """
    wanted = list(keys)
    lines = [opening_line(key, body, shares) for key, body, shares in _held(letter, wanted)]
    if len(lines) != len(wanted):
        raise LogError("somebody withdrew meanwhile: the openings are not those of this checkpoint")
    return b"".join(lines)


def records(letter: FixedLetter, signed: Mapping[str, str]) -> bytes:
    """What is published of each key of a public letter: ``objects.jsonl``.

    ``signed``: by key, the hash of the object it has signed. Raises LogError if the table does not hold exactly those
    any more: what is shown of a letter is of one moment, or not shown.
    """
    lines = []
    for key, body, _ in _held(letter, signed):
        if hash_of_bytes(body) != signed[key]:
            raise LogError("somebody changed their signature meanwhile: the records are not those of this checkpoint")
        lines.append(body + b"\n")
    if len(lines) != len(signed):
        raise LogError("somebody withdrew meanwhile: the records are not those of this checkpoint")
    return b"".join(lines)


def ordered_keys(keys: Iterable[str]) -> list[str]:
    """Keys by their bytes, as published files hold them. Their spelling sorts otherwise."""
    return sorted(keys, key=base64url.decode)
