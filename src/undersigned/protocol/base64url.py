"""Bytes in JSON: base64url without padding (RFC 4648 section 5; protocol.md section 1).

One byte string has exactly one spelling: spare bits are zero, there is no padding and no other character. So the
spelling itself may stand for the bytes as a dictionary key.
"""

from __future__ import annotations

import base64
import binascii

from .errors import MalformedError


def encode(data: bytes) -> str:
    """The one spelling of ``data``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, length: int | None = None) -> bytes:
    """The bytes spelt by ``text``.

    ``length``: how many bytes there must be; ``None`` for any number.
    Raises MalformedError for any other spelling or length.
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise MalformedError("a value is not base64url") from error
    # b64decode lets spare bits and '+', '/' through; the round trip does not.
    if encode(data) != text:
        raise MalformedError("a value is not the one base64url spelling of its bytes")
    if length is not None and len(data) != length:
        raise MalformedError(f"a value has {len(data)} bytes where {length} belong")
    return data
