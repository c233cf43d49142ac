"""Encodes bytes for JSON as base64url without padding (RFC 4648 section 5; protocol.md section 1).

One byte string has exactly one spelling: spare bits are zero, there is no padding and no other character. So the
spelling itself may stand for the bytes as a dictionary key.
"""

from __future__ import annotations

import binascii
from typing import Final

import msgspec

from . import findings
from .errors import MalformedError

ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_BASE64: Final = dict(zip(ALPHABET, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", strict=True))
# To base64, and whatever base64url does not know to something that no decoder knows.
_FROM_URL: Final = bytes(_BASE64.get(code, ord("!")) for code in range(256))
# Of the decoders at hand, that of JSON strings takes half the time of binascii's. Spare bits it lets through.
_BYTES: Final = msgspec.json.Decoder(bytes)
# Each character becomes the number it stands for.
_IN_ORDER: Final = bytes.maketrans(ALPHABET, bytes(range(64)))
# By the length's rest after division by four. One character more than whole bytes make can be no spelling.
_PADDING: Final = (b"", b"!", b"==", b"=")
# Characters whose spare bits, four or two of them, are zero: only these may stand last.
_LAST: Final = (frozenset(ALPHABET), frozenset[int](), frozenset(ALPHABET[::16]), frozenset(ALPHABET[::4]))


def encode(data: bytes) -> str:
    """Encodes ``data``: base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str, length: int | None = None) -> bytes:
    """Decodes base64url strictly: the bytes of ``text``.

    ``length``: how many bytes there must be; ``None`` for any number.
    Raises MalformedError for any other spelling or length.
    """
    rest = len(text) & 3
    try:
        spelt = text.encode("ascii")
    except ValueError as error:
        raise MalformedError(findings.base64url()) from error
    data = _decoded(spelt, _PADDING[rest])
    if rest and spelt[-1] not in _LAST[rest]:
        raise MalformedError(findings.base64url())
    if length is not None and len(data) != length:
        raise MalformedError(findings.value_length(length=len(data), expected=length))
    return data


def check(text: str, length: int) -> None:
    """Validates base64url of a given length without decoding: raises MalformedError exactly where ``decode`` would."""
    try:
        spelt = text.encode("ascii")
    except ValueError as error:
        raise MalformedError(findings.base64url()) from error
    if len(spelt) != (8 * length + 5) // 6 or spelt.translate(None, ALPHABET):
        # What is wrong is said as ``decode`` says it.
        decode(text, length)
    if spelt and spelt[-1] not in _LAST[len(spelt) & 3]:
        raise MalformedError(findings.base64url())


def decode_run(filled: bytes) -> bytes:
    """Decodes a batch of base64url values in one call: each filled up with ``A`` to a multiple of four characters.

    The filling gives one or two zero bytes behind each value. Raises MalformedError unless every character is one of
    base64url's; the spare bits of a spelling are the caller's to look at.
    """
    return _decoded(filled, b"")


def _decoded(spelt: bytes, padding: bytes) -> bytes:
    try:
        return _BYTES.decode(b'"%b%b"' % (spelt.translate(_FROM_URL), padding))
    except msgspec.MsgspecError as error:
        raise MalformedError(findings.base64url()) from error


def sort_key(text: str) -> bytes:
    """A sort key that orders base64url values of one length as their bytes: the alphabet itself sorts otherwise."""
    return text.encode("ascii").translate(_IN_ORDER)
