"""Credentials: the registrar certifies a key without seeing it (section 4)."""

from __future__ import annotations

import dataclasses
import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from letterworld import registrar
from undersigned.protocol import credential, roll
from undersigned.protocol.errors import CredentialError, MalformedError

SPKI, PRIVATE = registrar()
PUBLIC = credential.load_public(SPKI)
RID = roll.registrar_id(SPKI)
DICE = random.Random(4)
KEY = DICE.randbytes(32)


def blind(prefix: bytes = bytes(32), *, key: bytes = KEY) -> credential.Blinding:
    prepared = credential.prepare(credential.credential_message(RID, key), prefix)
    return credential.blind(PUBLIC, prepared, salt=DICE.randbytes(48), factor=DICE.randrange(1, PRIVATE.n))


def answer(blinded: bytes) -> bytes:
    return credential.blind_sign(PRIVATE, blinded, factor=DICE.randrange(1, PRIVATE.n))


def test_a_blind_signature_becomes_a_credential() -> None:
    """What the registrar signed blindly verifies for this key, and for no other key, prefix or letter."""
    blinding = blind()
    signature = credential.finalise(PUBLIC, blinding, answer(blinding.blinded))
    credential.verify(SPKI, RID, KEY, prefix=bytes(32), signature=signature)
    for rid, key, prefix in ((RID, bytes(32), bytes(32)), (RID, KEY, b"\1" * 32), (bytes(32), KEY, bytes(32))):
        with pytest.raises(CredentialError):
            credential.verify(SPKI, rid, key, prefix=prefix, signature=signature)
    with pytest.raises(CredentialError):
        credential.verify(registrar(1)[0], RID, KEY, prefix=bytes(32), signature=signature)
    with pytest.raises(CredentialError, match="prefix"):
        credential.verify(SPKI, RID, KEY, prefix=bytes(31), signature=signature)


def test_the_registrar_cannot_recognise_what_it_signed() -> None:
    """Neither question nor answer shares anything with the credential, and the same key blinds to other bytes."""
    one, two = blind(), blind()
    assert one.blinded != two.blinded
    said = answer(one.blinded)
    signature = credential.finalise(PUBLIC, one, said)
    assert signature not in (one.blinded, said)


def test_every_answer_could_belong_to_every_credential() -> None:
    """For any question and any credential there is a blinding factor that joins them: the link is not in the bytes."""
    one, two = blind(), blind(key=DICE.randbytes(32))
    signature = int.from_bytes(credential.finalise(PUBLIC, one, answer(one.blinded)), "big")
    other_answer = int.from_bytes(answer(two.blinded), "big")
    factor = other_answer * pow(signature, -1, PRIVATE.n) % PRIVATE.n
    encoded = pow(signature, PRIVATE.e, PRIVATE.n)
    assert encoded * pow(factor, PRIVATE.e, PRIVATE.n) % PRIVATE.n == int.from_bytes(two.blinded, "big")


def test_a_repeated_question_gets_the_same_answer() -> None:
    """The registrar's own blinding does not show: a lost connection costs nothing."""
    blinding = blind()
    assert answer(blinding.blinded) == answer(blinding.blinded)


def test_a_wrong_answer_is_noticed() -> None:
    """A registrar that answers with other bytes, or another question's answer, gives no credential."""
    blinding = blind()
    for wrong in (bytes(383), bytes(384), answer(blind().blinded), answer(blinding.blinded)[:-1] + b"\0"):
        with pytest.raises(CredentialError):
            credential.finalise(PUBLIC, blinding, wrong)


@pytest.mark.parametrize("blinded", [b"", bytes(384), b"\1" * 383, b"\xff" * 384, b"\1" * 385])
def test_what_is_no_question_is_refused(blinded: bytes) -> None:
    """Zero, numbers above the modulus, other lengths."""
    with pytest.raises(MalformedError):
        answer(blinded)


def test_a_fault_in_one_half_gives_no_signature() -> None:
    """A broken CRT half would give the private key away; the check of s^e keeps the answer back."""
    broken = dataclasses.replace(PRIVATE, dp=PRIVATE.dp ^ 1)
    with pytest.raises(ValueError, match="went wrong"):
        credential.blind_sign(broken, blind().blinded, factor=5)


def test_unfit_randomness_is_our_mistake() -> None:
    """Factors out of range or sharing a prime, prefixes of another length, a message with no inverse."""
    prepared = credential.prepare(b"m", bytes(32))
    for factor in (0, PRIVATE.n, PRIVATE.p):
        with pytest.raises(ValueError, match="coprime"):
            credential.blind(PUBLIC, prepared, salt=bytes(48), factor=factor)
        with pytest.raises(ValueError, match="coprime"):
            credential.blind_sign(PRIVATE, blind().blinded, factor=factor)
    with pytest.raises(ValueError, match="prefix"):
        credential.prepare(b"m", bytes(31))
    with pytest.raises(ValueError, match="too short"):
        credential.encode_pss(b"m", 512, bytes(48))


def _spki(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_only_rsa_3072_with_the_usual_exponent_is_a_registrars_key() -> None:
    """Ed25519, shorter RSA, exponent 3, trailing bytes, a second spelling: refused."""
    wrong = (
        _spki(ed25519.Ed25519PrivateKey.generate()),
        _spki(rsa.generate_private_key(65537, 2048)),
        _spki(rsa.generate_private_key(3, 3072)),
        SPKI + b"\0",
        b"",
    )
    for spki in wrong:
        with pytest.raises(MalformedError):
            credential.load_public(spki)
    other = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(MalformedError, match="not RSA"):
        credential.load_private(other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def test_a_key_spelt_loosely_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a lenient library reads: unless writing it again gives the same bytes, it is no key."""
    real = load_der_public_key
    monkeypatch.setattr(credential, "load_der_public_key", lambda spki: real(SPKI))
    with pytest.raises(MalformedError, match="not spelt in DER"):
        credential.load_public(SPKI + b" ")
