"""What seals open to, computed when it is needed and never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter

from undersigned.protocol import base64url
from undersigned.protocol.opening import Opened, Opening, object_payload
from undersigned.protocol.seal import RecordObject, Seal, parse_object
from undersigned.web.editions.models import Share
from undersigned.web.letters.known import KnownLetter
from undersigned.web.signing.models import SealedObject

_WIDTH = 500


def _held(letter: KnownLetter, keys: Iterable[str]) -> Iterator[tuple[str, Seal | RecordObject, dict[int, bytes]]]:
    """Of each key that still stands its object, and the shares there are for it by trustee."""
    ordered = sorted(keys)
    for part in (ordered[i : i + _WIDTH] for i in range(0, len(ordered), _WIDTH)):
        shares: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        given = Share.objects.filter(edition__letter=letter.pk, key__in=part)
        for key, trustee, share in given.values_list("key", "trustee", "share"):
            shares[key][trustee] = bytes(share)
        objects = SealedObject.objects.filter(letter=letter.pk, key__in=part)
        # Sorted here: a database may sort text by the rules of a language.
        for key, body in sorted(objects.values_list("key", "body"), key=itemgetter(0)):
            yield key, parse_object(bytes(body)), shares[key]


def verdicts(letter: KnownLetter, keys: Iterable[str]) -> dict[str, Opened]:
    """The verdict on each key's object, short of the roll."""
    return {key: object_payload(value, shares, letter.manifest) for key, value, shares in _held(letter, keys)}


def openings(letter: KnownLetter, keys: Iterable[str]) -> list[Opening]:
    """What is published of each key of a sealed letter: its seal and all shares there are."""
    return [
        Opening(key=key, seal=value, shares=[(t, base64url.encode(share)) for t, share in sorted(shares.items())])
        for key, value, shares in _held(letter, keys)
        if isinstance(value, Seal)
    ]


def records(letter: KnownLetter, keys: Iterable[str]) -> list[RecordObject]:
    """What is published of each key of a public letter."""
    return [value for _, value, _ in _held(letter, keys) if isinstance(value, RecordObject)]
