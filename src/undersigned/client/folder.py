"""The organiser's folder with the draft of a letter: description, texts, key and roll (``undersigned letter``).
::

    FOLDER/
      letter.toml          what the letter says of itself
      text/<lang>.md       its text, one file a language
      organiser.key        made by ``letter new``: signs notices, cuts and strikes; opens no name
      letter.json          made by ``letter new``: server, slug, registrar, and the letter id once it is open
      roll/                made by ``roll make``: codes.csv, roll.json, slots.jsonl
"""

from __future__ import annotations

import secrets
import tomllib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from undersigned import durable
from undersigned.protocol import base64url, canonical, keys
from undersigned.protocol.assigned import first_unassigned
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import SLUG, Batch, Group, format_time
from undersigned.protocol.seal import load_seal_public_key

from . import files
from .errors import InputError

_LIMIT: Final = 1024 * 1024
_TEXT_LIMIT: Final = 60 * 1024


class ReleaseTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[release]`` of ``letter.toml``; times as TOML date-times with a zone; ``grace`` in seconds."""

    signatures: Annotated[int, msgspec.Meta(ge=0)]
    not_before: datetime
    grace: Annotated[int, msgspec.Meta(ge=0, le=366 * 86400)]
    abandon_after: datetime


class LetterFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``letter.toml``. ``trustees``: paths of their public files, in order; none in a public letter."""

    slug: Annotated[str, msgspec.Meta(pattern=f"^{SLUG}$")]
    title: dict[str, str]
    groups: list[Group]
    names: Literal["sealed", "public"] = "sealed"
    anonymous: Literal["allowed", "forbidden"] = "allowed"
    check: Literal["roll", "codes", "mail"] = "roll"
    domains: list[str] | None = None
    trustees: list[str] = []
    threshold: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0
    batch: Batch
    release: ReleaseTable
    follows: str | None = None


class ServerRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """``letter.json``, from the server. ``log``, ``registrar``: base64url keys; ``letter``: the id, once it is open."""

    server: str
    slug: str
    origin: str
    log: str
    registrar: str
    token_file: str
    letter: str | None = None


class TrusteeFile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="trustee"
):
    """A trustee's public file: the keys that a manifest names, base64url."""

    v: Literal[1]
    name: str
    seal: str
    sign: str


class Folder:
    """One letter's folder at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def roll(self) -> Path:
        """The folder with the registrar's files."""
        return self.path / "roll"

    def letter_file(self) -> LetterFile:
        """Reads ``letter.toml``. Raises InputError with the position of the error."""
        path = self.path / "letter.toml"
        data = files.read_input(path, limit=_LIMIT, what="it describes the letter")
        try:
            # Some keyboards and file systems decompose accents (NFD); signed strings must be in NFC.
            text = _assigned(path, unicodedata.normalize("NFC", data.decode("utf-8")))
            found = msgspec.convert(tomllib.loads(text), LetterFile)
            # A TOML escape can produce characters that the protocol's strings do not allow.
            canonical.encode([found.title, found.groups, found.domains or []])
        except (tomllib.TOMLDecodeError, ValueError) as error:
            raise InputError(f"{path}: {error}") from None
        return found

    def texts(self, languages: Any) -> dict[str, str]:
        """The text in each language. Raises InputError if one is missing, empty, too long or not UTF-8."""
        found = {}
        for language in sorted(languages):
            path = self.path / "text" / f"{language}.md"
            data = files.read_input(path, limit=_TEXT_LIMIT, what=f"the letter's text for the title in {language!r}")
            try:
                found[language] = _assigned(path, unicodedata.normalize("NFC", data.decode("utf-8")))
            except UnicodeDecodeError:
                raise InputError(f"{path} is not UTF-8") from None
            if not found[language].strip():
                raise InputError(f"{path} is empty")
        return found

    def trustees(self, letter: LetterFile) -> list[TrusteeFile]:
        """The trustees' public files, in order. Raises InputError."""
        return [read_trustee(self.path / name) for name in letter.trustees]

    def read_record(self) -> ServerRecord:
        """Reads ``letter.json``. Raises InputError if ``letter new`` has not created it."""
        path = self.path / "letter.json"
        data = files.read_input(path, limit=_LIMIT, what="`undersigned letter new` makes it")
        try:
            return msgspec.json.decode(data, type=ServerRecord)
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}: {error}") from None

    def write_record(self, known: ServerRecord) -> None:
        """Writes ``letter.json``."""
        durable.write_over(self.path / "letter.json", msgspec.json.format(msgspec.json.encode(known), indent=1) + b"\n")

    def mark_open(self, letter: str) -> None:
        """Records in ``letter.json`` that the letter is open, and its id."""
        self.write_record(msgspec.structs.replace(self.read_record(), letter=letter))

    def organiser_seed(self) -> bytes:
        """The organiser's Ed25519 seed, created on first use."""
        path = self.path / "organiser.key"
        if not path.exists():
            files.write_new(path, base64url.encode(secrets.token_bytes(keys.SEED_LENGTH)).encode() + b"\n")
        try:
            text = files.read_input(path, limit=200, what="the organiser's key").decode("ascii").strip()
            return base64url.decode(text, keys.SEED_LENGTH)
        except (MalformedError, UnicodeDecodeError):
            raise InputError(f"{path} does not contain an organiser's key") from None

    def token(self, known: ServerRecord) -> str:
        """The organiser's API token for the server."""
        return read_token(Path(known.token_file))


def read_token(path: Path) -> str:
    """Reads a bearer token from a file. Raises InputError."""
    data = files.read_input(path, limit=1000, what="the organiser's token, from the server's keys/organiser-token")
    text = data.decode("ascii", errors="replace").strip()
    if not text or not text.isprintable() or " " in text or not text.isascii():
        raise InputError(f"{path} does not contain a token")
    return text


def read_trustee(path: Path) -> TrusteeFile:
    """Reads a trustee's public file. Raises InputError."""
    data = files.read_input(path, limit=_LIMIT, what="a trustee's public file, from `undersigned trustee init`")
    try:
        trustee = msgspec.json.decode(data, type=TrusteeFile)
        # An invalid key would make all the letter's seals impossible to open, which would show only at the end.
        load_seal_public_key(base64url.decode(trustee.seal))
        base64url.decode(trustee.sign, keys.KEY_LENGTH)
    except (msgspec.MsgspecError, UnicodeDecodeError, MalformedError) as error:
        raise InputError(f"{path} is not a trustee's public file: {error}") from None
    return msgspec.structs.replace(trustee, name=_assigned(path, unicodedata.normalize("NFC", trustee.name)))


def _assigned(path: Path, text: str) -> str:
    """Returns ``text``. Raises InputError with the line of a character that the protocol's strings do not allow."""
    for number, line in enumerate(text.split("\n"), start=1):
        newer = first_unassigned(line)
        if newer:
            raise InputError(
                f"{path}, line {number}: {newer} is not in Unicode 14.0, so computers may read it differently; "
                "remove or replace it"
            )
    return text


def protocol_time(moment: datetime, what: str) -> str:
    """A TOML time in the protocol's format. Raises InputError if it has no time zone."""
    if moment.tzinfo is None:
        raise InputError(f"{what} has no time zone: write it as 2026-12-01T06:00:00Z")
    return format_time(moment.astimezone(UTC))
