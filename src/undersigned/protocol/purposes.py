"""Every purpose a hash, a key or a signature can have: each stands once, here (protocol.md section 1).

A tag in front of what is hashed, derived or signed keeps bytes made for one purpose from being taken for another.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal, get_args

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Purpose = Literal[
    # digests
    "manifest",
    "text",
    "registrar",
    "roll",
    "share",
    "object",
    "edition",
    # keys derived from a code
    "access-token",
    "roll-salt",
    "roll-box",
    "signer-key",
    # what is blindly signed, and what binds a seal to its place
    "credential",
    "seal",
    "seal-share",
    # Ed25519 signatures: the entry types, then the messages outside the log
    "approval",
    "sign",
    "withdraw",
    "notice",
    "cut",
    "strike",
    "abandon",
    "receipt",
    "request",
    "openings",
]

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
