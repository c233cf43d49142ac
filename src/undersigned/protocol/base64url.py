"""Bytes in JSON: base64url without padding (RFC 4648 section 5; protocol.md section 1).

One byte string has exactly one spelling: spare bits are zero, there is no padding and no other character. So the
spelling itself may stand for the bytes as a dictionary key.
"""

from __future__ import annotations

import binascii
from typing import Final

from .errors import MalformedError

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
# What base64 knows and base64url does not becomes something that neither knows.
_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
# By the length's rest after division by four. One character more than whole bytes make can be no spelling: the padding
# is then such that nothing decodes it.
_PADDING: Final = (b"", b"=====", b"==", b"=")
# Characters whose spare bits, four or two of them, are zero: only these may stand last.
_LAST: Final = (frozenset(_ALPHABET), frozenset[int](), frozenset(_ALPHABET[::16]), frozenset(_ALPHABET[::4]))


def encode(data: bytes) -> str:
    """The one spelling of ``data``."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str, length: int | None = None) -> bytes:
    """The bytes spelt by ``text``.

    ``length``: how many bytes there must be; ``None`` for any number.
    Raises MalformedError for any other spelling or length.
    """
    rest = len(text) & 3
    try:
        spelt = text.encode("ascii")
        # Strict mode refuses what is in no alphabet, which binascii otherwise skips; spare bits it lets through.
        data = binascii.a2b_base64(spelt.translate(_FROM_URL) + _PADDING[rest], strict_mode=True)
    except ValueError as error:
        raise MalformedError("a value is not base64url") from error
    if rest and spelt[-1] not in _LAST[rest]:
        raise MalformedError("a value is not the one base64url spelling of its bytes")
    if length is not None and len(data) != length:
        raise MalformedError(f"a value has {len(data)} bytes where {length} belong")
    return data


def check(text: str, length: int) -> None:
    """Raises MalformedError exactly where ``decode`` would, and decodes nothing: for bytes that are not needed now."""
    try:
        spelt = text.encode("ascii")
    except ValueError as error:
        raise MalformedError("a value is not base64url") from error
    if len(spelt) != (8 * length + 5) // 6 or spelt.translate(None, _ALPHABET):
        raise MalformedError(f"a value is not base64url of {length} bytes")
    if spelt and spelt[-1] not in _LAST[len(spelt) & 3]:
        raise MalformedError("a value is not the one base64url spelling of its bytes")
