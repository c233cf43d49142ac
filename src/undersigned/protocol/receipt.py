"""Receipts: the log's signed promise to take an entry in (protocol.md section 6).

Given only for an entry that survives power loss. An overdue receipt is evidence against the log.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from . import base64url, canonical, findings, keys, merkle
from .errors import LetterError, LogError, MalformedError
from .manifest import parse_time


class Receipt(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="receipt",
    omit_defaults=True,
):  # fmt: skip
    """``leaf``: the entry's leaf hash, base64url; ``by``: when it will be in the log at the latest."""

    v: Literal[1]
    letter: str
    leaf: str
    by: str
    signature: str = ""


def make(letter: str, entry: bytes, by: str, key: keys.SigningKey) -> Receipt:
    """The log's receipt for an entry's canonical bytes. ``key``: the log's."""
    receipt = Receipt(v=1, letter=letter, leaf=base64url.encode(merkle.leaf_hash(entry)), by=by)
    signature = key.sign("receipt", canonical.encode(receipt))
    return msgspec.structs.replace(receipt, signature=base64url.encode(signature))


def parse(data: bytes) -> Receipt:
    """The receipt in ``data``. Raises MalformedError for anything else."""
    receipt: Receipt = canonical.decode_as(data, Receipt)
    if not receipt.signature:
        # The struct has a default for it, to be signed without.
        raise MalformedError(findings.json_form(), "the field signature is missing")
    base64url.check(receipt.letter, 32)
    base64url.check(receipt.leaf, 32)
    base64url.check(receipt.signature, 64)
    parse_time(receipt.by)
    return receipt


def verify(receipt: Receipt, *, letter: str, entry: bytes, log_key: bytes) -> None:
    """Raises LetterError, LogError or SignatureError unless the log promised to take in this very entry."""
    if receipt.letter != letter:
        raise LetterError("the receipt is for another letter")
    if receipt.leaf != base64url.encode(merkle.leaf_hash(entry)):
        raise LogError("the receipt is for another entry")
    unsigned = canonical.encode(msgspec.structs.replace(receipt, signature=""))
    keys.verify("receipt", log_key, base64url.decode(receipt.signature), unsigned)
