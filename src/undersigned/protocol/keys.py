"""Ed25519: signing, and verification by libsodium's rule (protocol.md section 1).

Verifiers differ on crafted signatures; two that differ would count two different numbers. So there is one rule:
canonical S, canonical A, neither A nor R of small order, cofactorless. PyNaCl's is that rule.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from . import findings
from .errors import SignatureError
from .purposes import tag
from .spec import Purpose

SEED_LENGTH = 32
KEY_LENGTH = 32
SIGNATURE_LENGTH = 64


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed (RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(purpose: Purpose, seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature over tag(purpose) ‖ message under the key of ``seed``."""
    return sign_raw(seed, tag(purpose) + message)


def sign_raw(seed: bytes, message: bytes) -> bytes:
    """An Ed25519 signature without a tag: only for formats of others, such as C2SP notes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


class SigningKey:
    """A key that signs often. To make one of a seed takes as long as to sign with it."""

    __slots__ = ("_key",)

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        """The 64-byte signature over tag(purpose) ‖ message."""
        return self._key.sign(tag(purpose) + message)


def verify(purpose: Purpose, key: bytes, signature: bytes, message: bytes) -> None:
    """Raises SignatureError unless ``signature`` is by ``key`` over tag(purpose) ‖ message."""
    verify_raw(key, signature, tag(purpose) + message)


def verify_raw(key: bytes, signature: bytes, message: bytes) -> None:
    """As ``verify``, without a tag. Keys and signatures of a wrong length are refused the same way."""
    # crypto_sign_open does not look at the lengths of its parts.
    if len(key) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        raise SignatureError(findings.signature_length())
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError as error:
        raise SignatureError(findings.signature_invalid()) from error
