"""Log entries: types, parser, signing and verification (protocol.md section 6).

An entry's canonical bytes are the leaf. ``signature`` is over tag(type) ‖ canonical(entry without ``signature``).
Whether an entry is allowed at its index is not checked here: ``standing`` folds over them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final, Literal, TypeVar, cast

import msgspec

from . import base64url, canonical, credential, findings, keys
from .errors import CredentialError, LetterError, MalformedError
from .manifest import Manifest, parse_time
from .roll import registrar_id

REASONS: Final = ("false-name", "not-eligible", "duplicate", "asked")
Reason = Literal["false-name", "not-eligible", "duplicate", "asked"]
EditionNumber = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class _Entry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", omit_defaults=True
):
    v: Literal[1]
    letter: str
    signature: str = ""


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A registrar's certificate for a key: prefix and signature of RFC 9474, and rid of the registrar; base64url."""

    prefix: str
    registrar: str
    signature: str


class Approval(_Entry, frozen=True, tag="approval"):
    """A trustee (index from 1) has seen the manifest and holds the key it names."""

    trustee: Annotated[int, msgspec.Meta(ge=1, le=9)]


class Sign(_Entry, frozen=True, tag="sign"):
    """A signatory stands behind the letter. ``seq`` 0 first, then one more at each edit; ``object``: its hash."""

    key: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    credentials: list[Credential]
    object: str


class Withdraw(_Entry, frozen=True, tag="withdraw"):
    """A signatory withdraws. Final."""

    key: str


class Notice(_Entry, frozen=True, tag="notice"):
    """The organiser announces an edition's cut, not before ``after``."""

    edition: EditionNumber
    after: str


class Cut(_Entry, frozen=True, tag="cut"):
    """The organiser fixes who is opened in an edition."""

    edition: EditionNumber


class Strike(_Entry, frozen=True, tag="strike"):
    """The organiser leaves a key's name out of an edition and all later ones, counted and with a reason."""

    edition: EditionNumber
    key: str
    reason: Reason


class Abandon(_Entry, frozen=True, tag="abandon"):
    """The organiser gives the letter up: nothing is published after it."""


Entry = Approval | Sign | Withdraw | Notice | Cut | Strike | Abandon
E = TypeVar("E", Approval, Sign, Withdraw, Notice, Cut, Strike, Abandon)
_TYPES: Final[dict[type, Literal["approval", "sign", "withdraw", "notice", "cut", "strike", "abandon"]]] = {
    Approval: "approval",
    Sign: "sign",
    Withdraw: "withdraw",
    Notice: "notice",
    Cut: "cut",
    Strike: "strike",
    Abandon: "abandon",
}


def parse(data: bytes) -> Entry:
    """Parses a log entry other than the manifest. Raises MalformedError unless it is one, canonical."""
    entry = cast(Entry, canonical.decode_as(data, Entry))
    if not entry.signature:
        # The struct has a default for it, to be signed without; in the log it is a field like the others.
        raise MalformedError(findings.json_form(), "the field signature is missing")
    base64url.check(entry.letter, 32)
    base64url.check(entry.signature, keys.SIGNATURE_LENGTH)
    if isinstance(entry, (Sign, Withdraw, Strike)):
        base64url.check(entry.key, keys.KEY_LENGTH)
    if isinstance(entry, Sign):
        base64url.check(entry.object, 32)
        for item in entry.credentials:
            base64url.check(item.prefix, credential.PREFIX_LENGTH)
            base64url.check(item.registrar, 32)
            base64url.check(item.signature, credential.KEY_BITS // 8)
    elif isinstance(entry, Notice):
        parse_time(entry.after)
    return entry


def parse_checked(data: bytes) -> Entry:
    """Parses an entry that ``parse`` has accepted before, without checks: for a second pass over the same log.

    Raises MalformedError if they are no entry at all.
    """
    try:
        return cast(Entry, canonical.decoder(Entry).decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedError(findings.entry_form()) from error


def encode(entry: Entry) -> bytes:
    """The canonical bytes of ``entry``: its leaf in the log."""
    return canonical.encode(entry)


def type_of(entry: Entry) -> str:
    """The entry's ``type``."""
    return _TYPES[type(entry)]


def sign_entry(entry: E, seed: bytes) -> E:
    """``entry`` with the signature by the key of ``seed`` in place."""
    unsigned = msgspec.structs.replace(entry, signature="")
    signature = keys.sign(_TYPES[type(entry)], seed, canonical.encode(unsigned))
    return msgspec.structs.replace(entry, signature=base64url.encode(signature))


def signer_of(entry: Entry, manifest: Manifest) -> str:
    """The key, base64url, that must have signed ``entry``. Raises MalformedError if it names no trustee."""
    if isinstance(entry, (Sign, Withdraw)):
        return entry.key
    if isinstance(entry, Approval):
        if entry.trustee > len(manifest.trustees):
            raise MalformedError(findings.trustee_unknown())
        return manifest.trustees[entry.trustee - 1].sign
    return manifest.organiser


def verify_entry(entry: Entry, manifest: Manifest, letter: str) -> None:
    """Verifies an entry by itself, wherever it is in the log: letter, signature, credentials.

    Raises LetterError (another letter), SignatureError, CredentialError (a credential missing or not the registrar's),
    MalformedError. ``letter``: the letter id, base64url. What remains to the caller: its place (``standing``).
    """
    if entry.letter != letter:
        raise LetterError(findings.entry_letter())
    unsigned = canonical.encode(msgspec.structs.replace(entry, signature=""))
    key = base64url.decode(signer_of(entry, manifest))
    keys.verify(_TYPES[type(entry)], key, base64url.decode(entry.signature), unsigned)
    if isinstance(entry, Sign):
        verify_credentials(entry, key, manifest)


@lru_cache(maxsize=64)
def registrar_of(spelt: str) -> tuple[bytes, bytes, str]:
    """Decodes a registrar's key from the manifest: its bytes, its rid, and the rid in base64url. Cached."""
    spki = base64url.decode(spelt)
    rid = registrar_id(spki)
    return spki, rid, base64url.encode(rid)


def verify_credentials(entry: Sign, key: bytes, manifest: Manifest) -> None:
    """Raises CredentialError unless ``entry`` carries one valid credential of each registrar, in manifest order.

    ``key``: the bytes of the entry's own.
    """
    if len(entry.credentials) != len(manifest.registrars):
        raise CredentialError(findings.credentials_missing())
    _, rid, _ = registrar_of(manifest.registrars[0])
    for item, registrar in zip(entry.credentials, manifest.registrars, strict=True):
        spki, _, name = registrar_of(registrar)
        if item.registrar != name:
            raise CredentialError(findings.credential_registrar())
        credential.verify(
            spki, rid, key, prefix=base64url.decode(item.prefix), signature=base64url.decode(item.signature)
        )
