"""Domain separation: purpose tags, tagged digests and HKDF (protocol.md section 1). The purposes stand in ``spec.py``.

A tag in front of what is hashed, derived or signed keeps bytes made for one purpose from being taken for another.
"""

from __future__ import annotations

import hashlib
from typing import Final, get_args

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .spec import Purpose

PURPOSES: Final[frozenset[str]] = frozenset(get_args(Purpose))
_TAGS: Final = {purpose: b"undersigned/1/" + purpose.encode("ascii") + b"\n" for purpose in PURPOSES}


def tag(purpose: Purpose) -> bytes:
    """``undersigned/1/`` + purpose + newline, ASCII."""
    return _TAGS[purpose]


def digest(purpose: Purpose, message: bytes) -> bytes:
    """SHA-256(tag ‖ message), 32 bytes."""
    return hashlib.sha256(tag(purpose) + message).digest()


def hkdf(secret: bytes, salt: bytes, purpose: Purpose, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) of ``secret`` with ``salt`` and info = tag(purpose), ``length`` bytes."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=tag(purpose)).derive(secret)
