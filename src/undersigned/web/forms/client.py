"""Builds entries on the server for a signatory without JavaScript, as the client would (protocol.md sections 3 to 6).

All randomness is derived from the withdrawal code, which was generated when the form was shown and exists only in the
person's page. That makes submission idempotent: a form that is sent twice, because the first response was lost, gives
the same entry, and the person gets their withdrawal code again. The signing key lives only as long as the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from undersigned.protocol import base64url, credential, entries, keys, roll, seal
from undersigned.protocol.purposes import hkdf
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Entropy
from undersigned.web.signing.actions import CodeUse
from undersigned.web.signing.candidate import Candidate, check
from undersigned.web.signing.registrar import sign_blindly

_INFO: Final = b"undersigned/web/1/form\n"
"""Not a purpose of the protocol: only this server needs to derive the same bytes again."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a signatory's name appears. ``as_``: "name", "initials" or "anonymous"; unused texts are empty."""

    as_: str
    group: str
    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """The values that a client draws at random. ``factor``: the blinding factor."""

    prefix: bytes
    salt: bytes
    nonce: bytes
    factor: int


def derive(withdrawal: bytes, letter: FixedLetter) -> Derived:
    """Derives them from a withdrawal code's 20 characters. 128 extra bits make the factor's modulo bias negligible."""
    length = letter.registrar.length + 16
    data = HKDF(algorithm=SHA256(), length=96 + length, salt=letter.rid, info=_INFO).derive(withdrawal)
    factor = int.from_bytes(data[96:], "big") % (letter.registrar.n - 1) + 1
    return Derived(data[:32], data[32:80], data[80:96], factor)


def signer_seed(withdrawal: bytes, letter: FixedLetter) -> bytes:
    """The seed of the signing key."""
    return hkdf(withdrawal, letter.rid, "signer-key", 32)


def signer_key(withdrawal: bytes, letter: FixedLetter) -> str:
    """The signatory's public key, base64url, under which the log has their entries."""
    return base64url.encode(keys.public_key(signer_seed(withdrawal, letter)))


def token_hash(code: bytes, letter: FixedLetter) -> str:
    """The hash of an access code's token, as the server's table stores it."""
    return base64url.encode(roll.token_hash(roll.place(code, letter.rid).token))


def make_signature(
    letter: FixedLetter, code: bytes, withdrawal: bytes, choice: Choice, entropy: Entropy
) -> tuple[CodeUse, Candidate]:
    """The use of the access code with the registrar's answer, and the entry. Stores nothing. Raises ProtocolError."""
    drawn, seed = derive(withdrawal, letter), signer_seed(withdrawal, letter)
    key = keys.public_key(seed)
    public = credential.load_public(base64url.decode(letter.manifest.registrars[0]))
    prepared = credential.prepare(credential.credential_message(letter.rid, key), drawn.prefix)
    blinding = credential.blind(public, prepared, salt=drawn.salt, factor=drawn.factor)
    answer = sign_blindly(letter.registrar, blinding.blinded, entropy)
    signature = credential.finalise(public, blinding, answer)
    certified = entries.Credential(
        prefix=base64url.encode(drawn.prefix),
        registrar=base64url.encode(letter.rid),
        signature=base64url.encode(signature),
    )
    record = seal.RecordObject(
        v=1, letter=letter.letter, key=base64url.encode(key), record=_payload(letter, code, choice, drawn.nonce)
    )
    entry = entries.Sign(
        v=1, letter=letter.letter, key=record.key, seq=0, credentials=[certified], object=seal.object_hash(record)
    )
    candidate = check(letter, entries.encode(entries.sign_entry(entry, seed)), record)
    return CodeUse(letter, token_hash(code, letter), blinding.blinded, answer), candidate


def _payload(letter: FixedLetter, code: bytes, choice: Choice, nonce: bytes) -> seal.Payload:
    with_roll = letter.manifest.eligibility.check == "roll" and choice.as_ == "name"
    return seal.Payload(
        as_=choice.as_,  # type: ignore[arg-type]  # one of the three: forms.choice has looked
        group=choice.group,
        name=choice.name,
        title=choice.title,
        roll=base64url.encode(roll.place(code, letter.rid).salt) if with_roll else None,
        nonce=base64url.encode(nonce),
    )


def make_withdrawal(letter: FixedLetter, withdrawal: bytes) -> Candidate:
    """The withdrawal's entry."""
    seed = signer_seed(withdrawal, letter)
    entry = entries.Withdraw(v=1, letter=letter.letter, key=signer_key(withdrawal, letter))
    return check(letter, entries.encode(entries.sign_entry(entry, seed)), None)
