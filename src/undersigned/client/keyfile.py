"""A trustee's key file: two seeds, encrypted at rest with a passphrase in the age format (protocol.md section 9).

One key set serves one letter. The organiser puts the public file next to it into the manifest.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
import pyrage

from undersigned.protocol import base64url, canonical, keys, seal, text
from undersigned.protocol.errors import MalformedError

from . import files
from .errors import InputError
from .folder import TrusteeFile

MIN_PASSPHRASE: Final = 8
_LIMIT: Final = 64 * 1024


class _Stored(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="trustee-key"
):
    v: Literal[1]
    name: str
    seal: str
    sign: str


@dataclass(frozen=True, slots=True, repr=False)
class TrusteeKey:
    """The secret seeds, 32 bytes each: X-Wing to open seals, Ed25519 to sign. Never printed: repr is disabled."""

    name: str
    seal_seed: bytes
    sign_seed: bytes

    @property
    def public(self) -> TrusteeFile:
        """The public part."""
        return TrusteeFile(
            v=1,
            name=self.name,
            seal=base64url.encode(seal.seal_public_key(self.seal_seed)),
            sign=base64url.encode(keys.public_key(self.sign_seed)),
        )


def new_key(name: str) -> TrusteeKey:
    """Generates a key set for the trustee called ``name``. Raises InputError for a name that cannot be displayed."""
    try:
        text.check_name(name)
    except MalformedError as error:
        raise InputError(f"the trustee's name is invalid: {error}") from None
    return TrusteeKey(name, secrets.token_bytes(seal.SEED_LENGTH), secrets.token_bytes(keys.SEED_LENGTH))


def public_path(path: Path) -> Path:
    """The path of the public file that belongs to the key file ``path``."""
    return path.with_name(path.name.removesuffix(".age") + ".public.json")


def save_key(key: TrusteeKey, path: Path, passphrase: str) -> Path:
    """Writes the key file and its public file, overwriting neither; returns the public file's path.

    Raises InputError for a short passphrase or an existing file.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise InputError(f"the passphrase needs at least {MIN_PASSPHRASE} characters; six random words are good")
    public = public_path(path)
    if public.exists():
        raise InputError(f"{public} already exists and will not be overwritten")
    kept = _Stored(v=1, name=key.name, seal=base64url.encode(key.seal_seed), sign=base64url.encode(key.sign_seed))
    files.write_new(path, pyrage.passphrase.encrypt(canonical.encode(kept), passphrase))
    # The secret part must be durable before the public one exists: otherwise a manifest could name a lost key.
    _write_public(key, public)
    return public


def _write_public(key: TrusteeKey, public: Path) -> None:
    files.write_new(public, msgspec.json.format(msgspec.json.encode(key.public), indent=1) + b"\n", mode=0o644)


def finish_key(path: Path, name: str, passphrase: str) -> Path | None:
    """Writes the missing public file of a key file after an interrupted ``save_key``; its path, or None without a key
    file.

    Raises InputError for a wrong passphrase, or if the key belongs to another name.
    """
    public = public_path(path)
    if not path.exists() or public.exists():
        return None
    key = load_key(path, passphrase)
    if key.name != name:
        raise InputError(f"{path} already exists, is the key of {key.name!r}, and will not be overwritten")
    _write_public(key, public)
    return public


def load_key(path: Path, passphrase: str) -> TrusteeKey:
    """Decrypts a key file. Raises InputError for a wrong passphrase or another kind of file."""
    data = files.read_input(path, limit=_LIMIT, what="a trustee's key file, from `undersigned trustee init`")
    if not data.startswith(b"age-encryption.org/"):
        raise InputError(f"{path} is not a trustee's key file")
    try:
        kept: _Stored = canonical.decode_as(pyrage.passphrase.decrypt(data, passphrase), _Stored)
        return TrusteeKey(kept.name, base64url.decode(kept.seal, 32), base64url.decode(kept.sign, 32))
    except pyrage.DecryptError:
        raise InputError("the passphrase is wrong, or the key file is damaged") from None
    except MalformedError:
        raise InputError(f"{path} does not contain a trustee's key") from None
