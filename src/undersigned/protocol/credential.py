"""Blind signatures: RFC 9474, RSABSSA-SHA384-PSS-Randomized, RSA-3072 (protocol.md section 4).

The registrar signs "one of mine" without seeing which key it signs for. Message = tag("credential") ‖ rid ‖ pk.

    client: prepare, blind -> registrar: blind_sign -> client: finalise -> anyone: verify

pyca refuses raw RSA, so the modular powers are gmpy2's constant-time ones and the glue is here; verification is
OpenSSL's RSA-PSS. All randomness is handed in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import gmpy2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from . import findings
from .errors import CredentialError, MalformedError
from .purposes import tag

KEY_BITS: Final = 3072
PREFIX_LENGTH: Final = 32
SALT_LENGTH: Final = 48
_PSS: Final = padding.PSS(mgf=padding.MGF1(SHA384()), salt_length=SALT_LENGTH)


@dataclass(frozen=True, slots=True)
class Blinding:
    """What the client keeps between blinding and finalising. ``inverse`` and ``prepared`` are secret until then."""

    prepared: bytes
    blinded: bytes
    inverse: int


@dataclass(frozen=True, slots=True)
class RegistrarKey:
    """A registrar's RSA private key in the form the blind operation needs. Serves one letter."""

    n: int
    e: int
    p: int
    q: int
    dp: int
    dq: int
    q_inverse: int

    @property
    def length(self) -> int:
        """Bytes of the modulus."""
        return (self.n.bit_length() + 7) // 8


def credential_message(rid: bytes, key: bytes) -> bytes:
    """What a registrar certifies, before preparation: tag("credential") ‖ rid ‖ pk."""
    return tag("credential") + rid + key


def prepare(message: bytes, prefix: bytes) -> bytes:
    """RFC 9474 section 4.1, Randomized: a random prefix of 32 bytes in front. Raises ValueError for another length."""
    if len(prefix) != PREFIX_LENGTH:
        raise ValueError(f"the prefix has {len(prefix)} bytes, not {PREFIX_LENGTH}")
    return prefix + message


@lru_cache(maxsize=64)
def load_public(spki: bytes) -> rsa.RSAPublicKey:
    """A registrar's public key from its SubjectPublicKeyInfo DER. Raises MalformedError unless it is RSA-3072."""
    try:
        key = load_der_public_key(spki)
    except Exception as error:  # pyca raises several families for bad DER, not all ValueErrors
        raise MalformedError(findings.registrar_key(), "not a SubjectPublicKeyInfo") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != KEY_BITS:
        raise MalformedError(findings.registrar_key(), f"not RSA-{KEY_BITS}")
    if key.public_numbers().e != 65537:
        raise MalformedError(findings.registrar_key(), "another exponent")
    # One key, one spelling: what OpenSSL reads leniently another verifier's parser may refuse.
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise MalformedError(findings.registrar_key(), "not spelt in DER")
    return key


def load_private(pkcs8: bytes) -> RegistrarKey:
    """A registrar's private key from PKCS #8 DER. Raises MalformedError unless it is an RSA key."""
    try:
        key = load_der_private_key(pkcs8, password=None)
    except Exception as error:  # as above
        raise MalformedError("a registrar's key is not PKCS #8") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise MalformedError("a registrar's key is not RSA")
    numbers = key.private_numbers()
    public = numbers.public_numbers
    return RegistrarKey(
        n=public.n, e=public.e, p=numbers.p, q=numbers.q, dp=numbers.dmp1, dq=numbers.dmq1, q_inverse=numbers.iqmp
    )


def encode_pss(message: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) with SHA-384 and MGF1, for ``bits`` = modulus bits - 1.

    Raises ValueError if ``bits`` leaves no room.
    """
    length = (bits + 7) // 8
    hashed = hashlib.sha384(message).digest()
    if length < len(hashed) + len(salt) + 2:
        raise ValueError("the key is too short for this encoding")
    tail = hashlib.sha384(bytes(8) + hashed + salt).digest()
    block = bytes(length - len(salt) - len(tail) - 2) + b"\x01" + salt
    masked = bytes(a ^ b for a, b in zip(block, _mgf1(tail, len(block)), strict=True))
    masked = bytes([masked[0] & (0xFF >> (8 * length - bits))]) + masked[1:]
    return masked + tail + b"\xbc"


def _mgf1(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-384 (RFC 8017 appendix B.2.1)."""
    blocks = -(-length // 48)
    return b"".join(hashlib.sha384(seed + i.to_bytes(4, "big")).digest() for i in range(blocks))[:length]


def blind(public: rsa.RSAPublicKey, prepared: bytes, *, salt: bytes, factor: int) -> Blinding:
    """RFC 9474 section 4.2.

    ``salt``: 48 random bytes; ``factor``: r, uniform in 1..n-1 and coprime to n.
    Raises ValueError if message or factor is not invertible (practically impossible with working randomness).
    """
    numbers = public.public_numbers()
    n = numbers.n
    message = int.from_bytes(encode_pss(prepared, n.bit_length() - 1, salt), "big")
    if gmpy2.gcd(message, n) != 1 or not 0 < factor < n or gmpy2.gcd(factor, n) != 1:
        raise ValueError("the message or the blinding factor is not coprime to the modulus")
    blinded = message * int(gmpy2.powmod(factor, numbers.e, n)) % n
    return Blinding(
        prepared=prepared,
        blinded=blinded.to_bytes((n.bit_length() + 7) // 8, "big"),
        inverse=int(gmpy2.invert(factor, n)),
    )


def check_blinded(key: RegistrarKey, blinded: bytes) -> int:
    """The number that ``blinded`` spells. Raises MalformedError unless it is one the key can sign: of the key's length,
    above 0 and below n.

    A registrar asks this before it looks the access code up, so that the answer says nothing of the code.
    """
    m = int.from_bytes(blinded, "big")
    if len(blinded) != key.length or not 0 < m < key.n:
        raise MalformedError("the blinded message is not a number below the modulus")
    return m


def blind_sign(key: RegistrarKey, blinded: bytes, *, factor: int) -> bytes:
    """RFC 9474 section 4.3: the registrar's private operation, blind to what it signs.

    CRT with base blinding by ``factor`` (uniform in 1..n-1, coprime to n), and a check of s^e, so that a fault in one
    half cannot give the key away. Raises MalformedError if ``blinded`` is not a number below n of the key's length,
    ValueError if ``factor`` is unfit.
    """
    m = check_blinded(key, blinded)
    if not 0 < factor < key.n or gmpy2.gcd(factor, key.n) != 1:
        raise ValueError("the blinding factor is not coprime to the modulus")
    base = m * gmpy2.powmod(factor, key.e, key.n) % key.n
    s_p = gmpy2.powmod_sec(base % key.p, key.dp, key.p)
    s_q = gmpy2.powmod_sec(base % key.q, key.dq, key.q)
    s = s_q + key.q * ((s_p - s_q) * key.q_inverse % key.p)
    s = s * gmpy2.invert(factor, key.n) % key.n
    if gmpy2.powmod(s, key.e, key.n) != m:
        raise ValueError("the private operation went wrong: the key or the machine is faulty")
    return int(s).to_bytes(key.length, "big")


def finalise(public: rsa.RSAPublicKey, blinding: Blinding, blind_signature: bytes) -> bytes:
    """RFC 9474 section 4.4: the signature, checked.

    Raises CredentialError unless the registrar answered with a signature over what was blinded.
    """
    n = public.public_numbers().n
    length = (n.bit_length() + 7) // 8
    if len(blind_signature) != length:
        raise CredentialError("the registrar's answer has a wrong length")
    signature = (int.from_bytes(blind_signature, "big") * blinding.inverse % n).to_bytes(length, "big")
    verify_prepared(public, signature, blinding.prepared)
    return signature


def verify_prepared(public: rsa.RSAPublicKey, signature: bytes, prepared: bytes) -> None:
    """RSASSA-PSS verification over a prepared message. Raises CredentialError unless it holds."""
    try:
        public.verify(signature, prepared, _PSS, SHA384())
    except InvalidSignature as error:
        raise CredentialError(findings.credential_invalid()) from error


def verify(spki: bytes, rid: bytes, key: bytes, *, prefix: bytes, signature: bytes) -> None:
    """Raises CredentialError unless the registrar with ``spki`` certified ``key`` for this letter's ``rid``."""
    if len(prefix) != PREFIX_LENGTH:
        raise CredentialError(findings.credential_prefix())
    verify_prepared(load_public(spki), signature, prefix + credential_message(rid, key))
