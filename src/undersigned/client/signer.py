"""Signs, edits and withdraws (protocol.md sections 3 to 6).

The order matters: the letter is verified before anything is derived, and the credential before anything is sealed. The
withdrawal code is shown to the person before the entry is sent, because it cannot be recovered afterwards.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import rsa

from undersigned.protocol import (
    base64url,
    canonical,
    checkpoint,
    codes,
    credential,
    entries,
    keys,
    merkle,
    receipt,
    roll,
    seal,
)
from undersigned.protocol import text as names
from undersigned.protocol.errors import InvalidError, MalformedError
from undersigned.protocol.purposes import hkdf

from .box import Certified, read_box, read_field
from .errors import AnswerError, InputError
from .http import Http
from .letter import Letter

As = Literal["name", "initials", "anonymous"]


@dataclass(frozen=True, slots=True)
class Signer:
    """A signatory: a withdrawal code and the key derived from it. ``code``: its 20 characters, ASCII."""

    code: bytes
    seed: bytes

    @property
    def key(self) -> bytes:
        """The Ed25519 public key, which is all that others see."""
        return keys.public_key(self.seed)

    @property
    def key_text(self) -> str:
        """The public key in base64url, as in entries."""
        return base64url.encode(self.key)

    @property
    def withdrawal_code(self) -> str:
        """``W-....``, as shown to the person, once."""
        return codes.format_code("W", self.code)


@dataclass(frozen=True, slots=True)
class Choice:
    """How a signatory's name should appear.

    ``group``, ``name`` and ``title`` may be None if the roll has them.
    """

    as_: As
    group: str | None = None
    name: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Blinded:
    """A blinded request to the registrar, stored until it is answered: a retry must send the identical request."""

    prefix: bytes
    salt: bytes
    factor: int

    @classmethod
    def fresh(cls, letter: Letter) -> Blinded:
        """A new request for this letter's registrar.

        The blinding factor must be uniform over 1..n-1: if some factors were likelier than others, the registrar could
        later tell which of the published keys it had signed.
        """
        modulus = registrar_key(letter).public_numbers().n
        return cls(secrets.token_bytes(32), secrets.token_bytes(48), secrets.randbelow(modulus - 1) + 1)


@dataclass(frozen=True, slots=True)
class Activated:
    """The result of an access code: a credential for the key and, with a roll, the holder's record."""

    credential: entries.Credential
    place: roll.Place
    record: roll.Record | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry with its receipt. ``answer``: the server's whole response. ``again``: the log already had the entry."""

    entry: entries.Sign | entries.Withdraw
    receipt: receipt.Receipt
    answer: dict[str, Any]
    again: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry as it is sent: a retry sends identical bytes, and so gets the same receipt. ``body``: the POST body."""

    entry: entries.Sign
    body: bytes

    @classmethod
    def read(cls, body: bytes) -> Prepared:
        """Parses a stored entry. Raises MalformedError."""
        posted = canonical.decode(body)
        entry = entries.parse(canonical.encode(posted["entry"])) if isinstance(posted, dict) else None
        if not isinstance(entry, entries.Sign):
            raise MalformedError("there is no stored signature")
        return cls(entry, body)


def registrar_key(letter: Letter) -> rsa.RSAPublicKey:
    """The public key of the letter's first registrar."""
    return credential.load_public(base64url.decode(letter.manifest.registrars[0]))


def new_signer(letter: Letter) -> Signer:
    """A new signatory, with a withdrawal code of 100 random bits."""
    return signer_from(letter, codes.code_from(secrets.token_bytes(codes.LENGTH)))


def signer_from(letter: Letter, code: bytes) -> Signer:
    """The signatory that a withdrawal code belongs to in this letter."""
    return Signer(code, hkdf(code, letter.rid, "signer-key", keys.SEED_LENGTH))


def activate(http: Http, letter: Letter, access: bytes, signer: Signer, blinded: Blinded) -> Activated:
    """Has the registrar certify ``signer``'s key by a blind signature.

    ``access``: the access code's 20 characters. Raises ProblemError (``code-unknown``, ``code-used``), CredentialError,
    AnswerError, InvalidError if the box does not belong to this code.
    """
    if len(letter.manifest.registrars) != 1:
        raise InputError("this letter has several registrars; this version of the program knows letters with one")
    public = registrar_key(letter)
    place = roll.place(access, letter.rid)
    prepared = credential.prepare(credential.credential_message(letter.rid, signer.key), blinded.prefix)
    blinding = credential.blind(public, prepared, salt=blinded.salt, factor=blinded.factor)
    question = {"blinded": base64url.encode(blinding.blinded), "token": base64url.encode(place.token)}
    answer = http.post("activate", question)
    signature = credential.finalise(public, blinding, base64url.decode(read_field(answer, "signature")))
    record = None
    if letter.manifest.eligibility.check == "roll":
        leaf, box = read_box(answer)
        record = roll.open_box(place, leaf, box)
    certified = entries.Credential(
        prefix=base64url.encode(blinded.prefix),
        registrar=base64url.encode(letter.rid),
        signature=base64url.encode(signature),
    )
    return Activated(certified, place, record)


def make_payload(letter: Letter, choice: Choice, place: roll.Place, record: roll.Record | None) -> seal.Payload:
    """The payload to seal. Raises InputError, saying what is missing, if ``choice`` does not fit the letter.

    With a ``record``, the group is always the roll's, and so is the name of a signatory who signs by name. Without one,
    only the group is filled in, if the letter has just one.
    """
    if record is not None:
        _check_agrees(choice, record)
    group = record.group if record else choice.group
    groups = sorted(letter.manifest.group_ids)
    if group is None and len(groups) == 1:
        group = groups[0]
    if group not in letter.manifest.group_ids:
        raise InputError(f"choose a group: one of {', '.join(groups)}")
    name, title, salt = "", "", None
    if choice.as_ == "anonymous":
        if letter.manifest.anonymous != "allowed":
            raise InputError("this letter does not accept anonymous signatures")
    elif choice.as_ == "initials":
        name = _checked(names.check_initials, choice.name or "", "initials")
    elif record is not None:
        # With a roll, the name must be the record's, letter by letter: any other would be void when it is opened.
        name, title = record.name, record.title
        salt = base64url.encode(place.salt)
    else:
        name = _checked(names.check_name, choice.name or "", "the name")
        title = _checked(names.check_name, choice.title, "the title") if choice.title else ""
    nonce = base64url.encode(secrets.token_bytes(16))
    return seal.Payload(as_=choice.as_, group=group, name=name, title=title, roll=salt, nonce=nonce)


def _check_agrees(choice: Choice, record: roll.Record) -> None:
    """Raises InputError if the choice contradicts the roll's record."""
    asked = {"group": (choice.group, record.group)}
    if choice.as_ == "name":
        asked |= {"name": (choice.name, record.name), "title": (choice.title, record.title)}
    for what, (said, listed) in asked.items():
        if said is not None and said != listed:
            raise InputError(f"the roll has {listed!r} as your {what}, which cannot be changed: leave the {what} out")


def _checked(check: Any, text: str, what: str) -> str:
    try:
        check(text)
    except MalformedError as error:
        raise InputError(f"{what} is invalid: {error}") from None
    return text


def seal_payload(letter: Letter, signer: Signer, payload: seal.Payload) -> seal.SignedObject:
    """Seals the payload to the trustees; in a public letter it stays plain."""
    if not letter.manifest.sealed:
        return seal.RecordObject(v=1, letter=letter.id_text, key=signer.key_text, record=payload)
    trustees = len(letter.manifest.trustees)
    return seal.make_seal(
        letter.manifest,
        letter.id,
        signer.key,
        payload,
        secret=secrets.token_bytes(32),
        xs=bytes(secrets.SystemRandom().sample(range(1, 256), trustees)),
        coefficients=secrets.token_bytes(32 * (letter.manifest.threshold - 1)),
    )


def sign(http: Http, letter: Letter, signer: Signer, activated: Activated, choice: Choice, *, seq: int = 0) -> Accepted:
    """Seals, signs and posts the entry; returns its receipt."""
    payload = make_payload(letter, choice, activated.place, activated.record)
    return post_signature(http, letter, signer, [activated.credential], payload, seq=seq)


def post_signature(
    http: Http,
    letter: Letter,
    signer: Signer,
    credentials: list[entries.Credential],
    payload: seal.Payload,
    *,
    seq: int,
) -> Accepted:
    """Posts a ``sign`` entry with its object."""
    return post_prepared(http, letter, prepare(letter, signer, credentials, payload, seq=seq))


def post_prepared(http: Http, letter: Letter, prepared: Prepared) -> Accepted:
    """Posts a prepared entry; may be repeated. Raises ProblemError."""
    return _post(http, letter, prepared.entry, canonical.decode(prepared.body))


def prepare(
    letter: Letter, signer: Signer, credentials: list[entries.Credential], payload: seal.Payload, *, seq: int
) -> Prepared:
    """Builds a ``sign`` entry with its object, without sending it."""
    sealed = seal_payload(letter, signer, payload)
    entry = entries.sign_entry(
        entries.Sign(
            v=1,
            letter=letter.id_text,
            key=signer.key_text,
            seq=seq,
            credentials=credentials,
            object=seal.object_hash(sealed),
        ),
        signer.seed,
    )
    return Prepared(entry, canonical.encode({"entry": entry, "object": sealed}))


def withdraw(http: Http, letter: Letter, signer: Signer) -> Accepted:
    """Withdraws, permanently. Raises ProblemError: ``sequence`` (this key never signed), ``duplicate``."""
    entry = entries.sign_entry(entries.Withdraw(v=1, letter=letter.id_text, key=signer.key_text), signer.seed)
    return _post(http, letter, entry, {"entry": entry})


def edit(
    http: Http,
    letter: Letter,
    signer: Signer,
    before: entries.Sign,
    choice: Choice,
    certified: Certified | None = None,
) -> Accepted:
    """Replaces the sealed payload; the count does not change.

    ``before``: the signer's newest entry in the log (``count_check.look_up_key``), whose credential is used again.
    ``certified``: the roll record of the access code (``box.fetch_record``); required for a name on the roll.
    """
    with_roll = letter.manifest.eligibility.check == "roll"
    if with_roll and choice.as_ == "name" and certified is None:
        raise InputError("to sign by name, please enter your access code again")
    place = certified.place if certified else roll.Place(b"", b"", b"")
    payload = make_payload(letter, choice, place, certified.record if certified else None)
    return post_signature(http, letter, signer, before.credentials, payload, seq=before.seq + 1)


def _post(http: Http, letter: Letter, entry: entries.Sign | entries.Withdraw, body: object) -> Accepted:
    answer, again = http.post_entry(body)
    if not isinstance(answer, dict) or "receipt" not in answer:
        raise AnswerError("the log's response has no receipt")
    promised = receipt.parse(canonical.encode(answer["receipt"]))
    try:
        receipt.verify(promised, letter=letter.id_text, entry=entries.encode(entry), log_key=letter.log_key)
        if not letter.manifest.sealed and "proof" in answer:
            _check_inclusion(letter, entries.encode(entry), answer)
    except (InvalidError, MalformedError) as error:
        raise AnswerError(f"the log's receipt is invalid: {error}") from error
    return Accepted(entry, promised, answer, again)


def _check_inclusion(letter: Letter, entry: bytes, answer: dict[str, Any]) -> None:
    """A public letter's response proves the entry's inclusion. Raises ProtocolError unless a checkpoint covers it."""
    proof, index, note = answer.get("proof"), answer.get("index"), answer.get("checkpoint")
    if not isinstance(proof, list) or not isinstance(index, int) or not isinstance(note, str):
        raise MalformedError("the inclusion proof is malformed")
    if not all(isinstance(node, str) for node in proof):
        raise MalformedError("the inclusion proof is malformed")
    point, _ = checkpoint.verify(note.encode("utf-8"), letter.manifest.origin, letter.log_key)
    path = [base64url.decode(node, 32) for node in proof]
    merkle.verify_inclusion(merkle.leaf_hash(entry), index, point.size, path, point.root)
