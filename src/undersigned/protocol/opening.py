"""Opening: trustees' shares, and the verdict on each seal (protocol.md section 7, steps 2 and 3).

Any subset of the published shares gives the same verdict, because a seal counts only if all n commitments follow from
the polynomial through any k of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from . import base64url, canonical, findings, keys, shamir
from .entries import EditionNumber
from .errors import MalformedError, OpeningError
from .manifest import Manifest
from .roll import Record, leaf_of
from .seal import (
    Payload,
    RecordObject,
    Seal,
    SignedObject,
    check_share,
    commitment,
    letter_and_key,
    open_body,
    parse_object,
)
from .text import check_sealed, check_sealed_initials

Verdict = Literal["named", "initials", "anonymous", "void", "unresolved"]


class Openings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="openings",
    omit_defaults=True,
):  # fmt: skip
    """What a trustee posts: shares by signatory's key, signed. Large sets go in several posts."""

    v: Literal[1]
    letter: str
    edition: EditionNumber
    trustee: int
    shares: dict[str, str]
    signature: str = ""


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line of ``openings/<edition>.jsonl``: a seal and the shares published for it, ``[trustee, share]`` each."""

    key: str
    seal: Seal
    shares: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A verdict and, unless it is void or unresolved, the payload it opened to."""

    verdict: Verdict
    payload: Payload | None = None


UNRESOLVED = Opened("unresolved")
VOID = Opened("void")


def parse_openings(data: bytes, *, limit: int = canonical.MAX_SIZE) -> Openings:
    """A trustee's post. Raises MalformedError for anything else."""
    openings: Openings = canonical.decode_as(data, Openings, limit=limit)
    base64url.check(openings.letter, 32)
    base64url.check(openings.signature, 64)
    for key, share in openings.shares.items():
        base64url.check(key, 32)
        base64url.check(share, 33)
    return openings


def sign_openings(openings: Openings, seed: bytes) -> Openings:
    """``openings`` with the trustee's signature in place."""
    unsigned = msgspec.structs.replace(openings, signature="")
    signature = keys.sign("openings", seed, canonical.encode(unsigned))
    return msgspec.structs.replace(openings, signature=base64url.encode(signature))


def verify_openings(openings: Openings, manifest: Manifest) -> None:
    """Raises SignatureError unless the trustee named has signed, MalformedError if there is no such trustee."""
    if not 1 <= openings.trustee <= len(manifest.trustees):
        raise MalformedError(findings.trustee_unknown())
    unsigned = canonical.encode(msgspec.structs.replace(openings, signature=""))
    key = base64url.decode(manifest.trustees[openings.trustee - 1].sign)
    keys.verify("openings", key, base64url.decode(openings.signature), unsigned)


def parse_opening(data: bytes) -> Opening:
    """A line of ``openings/<edition>.jsonl``, without its newline. Raises MalformedError for anything else."""
    opening: Opening = canonical.decode_as(data, Opening)
    if opening.seal.key != opening.key:
        raise MalformedError(findings.opening_key())
    indices = [index for index, _ in opening.shares]
    if indices != sorted(set(indices)):
        raise MalformedError(findings.opening_shares())
    for _, share in opening.shares:
        base64url.check(share, 33)
    return opening


def opening_line(key: str, sealed: bytes, shares: Mapping[int, bytes]) -> bytes:
    """A line of openings, with its newline, around the canonical bytes of a seal. ``shares``: by trustee.

    What ``canonical.encode`` writes of an Opening, without reading the seal again.
    """
    listed = ",".join(f'[{index},"{base64url.encode(share)}"]' for index, share in sorted(shares.items()))
    return b'{"key":"%s","seal":%s,"shares":[%s]}\n' % (key.encode("ascii"), sealed, listed.encode("ascii"))


def seal_bytes(data: bytes, opening: Opening) -> bytes:
    """The canonical bytes of the seal in a line that ``parse_opening`` has read ``opening`` from.

    The line is canonical, so they stand in it as they are, between the two other fields.
    """
    start = len(opening.key) + len(b'{"key":"","seal":')
    return data[start : data.rindex(b',"shares":')]


def parse_objects_line(data: bytes) -> RecordObject:
    """A line of ``objects.jsonl`` (public letters). Raises MalformedError for anything else."""
    value = parse_object(data)
    if not isinstance(value, RecordObject):
        raise MalformedError(findings.record_form())
    return value


def open_seal(seal: Seal, shares: Mapping[int, bytes], threshold: int) -> Opened:
    """The verdict on a seal, before the payload's own rules.

    ``shares``: by trustee index, each checked against its commitment (``check_share``).
    """
    if len(shares) < threshold:
        return UNRESOLVED
    letter, key = letter_and_key(seal)
    indices = sorted(shares)[:threshold]
    chosen = [shares[index] for index in indices]
    for part in seal.shares:
        # Those the polynomial is drawn through are on it, and are what was committed to: the caller has checked.
        if part.t in indices:
            continue
        share = shamir.value_at(chosen, part.x) + bytes([part.x])
        if base64url.encode(commitment(letter, key, part.t, share)) != part.commit:
            return VOID
    try:
        payload = open_body(seal, shamir.combine(chosen))
    except (OpeningError, MalformedError):
        return VOID
    return Opened("named", payload)


def checked_shares(opening: Opening) -> dict[int, bytes]:
    """An opening's shares by trustee. Raises OpeningError if one misses its commitment: it was not what was sealed."""
    shares = {index: base64url.decode(text) for index, text in opening.shares}
    for index, share in shares.items():
        check_share(opening.seal, index, share)
    return shares


def judge(payload: Payload, manifest: Manifest) -> Opened:
    """Whether a payload is well formed for this letter (section 5), and as what it counts.

    A ``name`` in a roll letter still has to be found on the roll: ``leaf_of_payload``.
    """
    try:
        _check_form(payload, manifest)
    except MalformedError:
        return VOID
    verdict: Verdict = "named" if payload.as_ == "name" else payload.as_
    return Opened(verdict, payload)


def _check_form(payload: Payload, manifest: Manifest) -> None:
    if payload.group not in manifest.group_ids:
        raise MalformedError("no such group")
    if payload.as_ == "anonymous":
        if payload.name or payload.title or payload.roll is not None:
            raise MalformedError("an anonymous payload holds a name")
        if manifest.anonymous != "allowed":
            raise MalformedError("this letter takes no anonymous signatures")
    elif payload.as_ == "initials":
        if payload.title or payload.roll is not None:
            raise MalformedError("initials carry neither title nor place on the roll")
        check_sealed_initials(payload.name)
    else:
        if not payload.name:
            raise MalformedError("a name is empty")
        check_sealed(payload.name)
        check_sealed(payload.title)
        if (payload.roll is not None) != (manifest.eligibility.check == "roll"):
            raise MalformedError("a place on the roll belongs to letters with a roll, and to each name in one")


def leaf_of_payload(payload: Payload) -> str | None:
    """The roll leaf a named payload claims, base64url, or None if it claims none."""
    if payload.roll is None:
        return None
    record = Record(group=payload.group, name=payload.name, title=payload.title)
    return base64url.encode(leaf_of(base64url.decode(payload.roll, 32), record))


def object_payload(value: SignedObject, shares: Mapping[int, bytes], manifest: Manifest) -> Opened:
    """The verdict on a signed object, short of the roll: a seal with its shares, or a public letter's record."""
    if isinstance(value, RecordObject):
        return judge(value.record, manifest)
    opened = open_seal(value, shares, manifest.threshold)
    return judge(opened.payload, manifest) if opened.payload is not None else opened
