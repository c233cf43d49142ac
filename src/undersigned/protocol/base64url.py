"""Bytes in JSON: base64url without padding (RFC 4648 section 5; protocol.md section 1).

One byte string has exactly one spelling: spare bits are zero, there is no padding and no other character. So the
spelling itself may stand for the bytes as a dictionary key.
"""

from __future__ import annotations

import binascii

from .errors import MalformedError

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def encode(data: bytes) -> str:
    """The one spelling of ``data``."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str, length: int | None = None) -> bytes:
    """The bytes spelt by ``text``.

    ``length``: how many bytes there must be; ``None`` for any number.
    Raises MalformedError for any other spelling or length.
    """
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise MalformedError("a value is not base64url") from error
    # binascii skips what it does not know and lets spare bits through; the round trip does not.
    if encode(data) != text:
        raise MalformedError("a value is not the one base64url spelling of its bytes")
    if length is not None and len(data) != length:
        raise MalformedError(f"a value has {len(data)} bytes where {length} belong")
    return data
