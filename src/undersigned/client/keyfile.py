"""A trustee's key: two seeds, encrypted at rest under a passphrase in the age format (protocol.md section 9).

One key set serves one letter. The public file beside it is what the organiser puts into the manifest.
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


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="trustee-key"):
    v: Literal[1]
    name: str
    seal: str
    sign: str


@dataclass(frozen=True, slots=True, repr=False)
class TrusteeKey:
    """The secret seeds, 32 bytes each: X-Wing to open seals, Ed25519 to sign. Never printed: it has no repr."""

    name: str
    seal_seed: bytes
    sign_seed: bytes

    @property
    def public(self) -> TrusteeFile:
        """What others may know."""
        return TrusteeFile(
            v=1,
            name=self.name,
            seal=base64url.encode(seal.seal_public_key(self.seal_seed)),
            sign=base64url.encode(keys.public_key(self.sign_seed)),
        )


def new_key(name: str) -> TrusteeKey:
    """A fresh key set for the trustee called ``name``. Raises InputError for a name that cannot be shown."""
    try:
        text.check_name(name)
    except MalformedError as error:
        raise InputError(f"the trustee's name cannot be taken: {error}") from None
    return TrusteeKey(name, secrets.token_bytes(seal.SEED_LENGTH), secrets.token_bytes(keys.SEED_LENGTH))


def public_path(path: Path) -> Path:
    """Where the public file of the key file ``path`` lies."""
    return path.with_name(path.name.removesuffix(".age") + ".public.json")


def save_key(key: TrusteeKey, path: Path, passphrase: str) -> Path:
    """Writes the key file and its public file, neither over another; returns the latter's path.

    Raises InputError for a short passphrase or if a file is in the way.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise InputError(f"a passphrase has at least {MIN_PASSPHRASE} characters; six random words are good")
    public = public_path(path)
    if public.exists():
        raise InputError(f"{public} is there already and will not be written over")
    kept = _Kept(v=1, name=key.name, seal=base64url.encode(key.seal_seed), sign=base64url.encode(key.sign_seed))
    files.write_new(path, pyrage.passphrase.encrypt(canonical.encode(kept), passphrase))
    # The secret part is durable before the public one can be handed to anybody.
    _write_public(key, public)
    return public


def _write_public(key: TrusteeKey, public: Path) -> None:
    files.write_new(public, msgspec.json.format(msgspec.json.encode(key.public), indent=1) + b"\n", mode=0o644)


def finish_key(path: Path, name: str, passphrase: str) -> Path | None:
    """Writes the public file of a key file that ``save_key`` was kept from finishing; its path, or None if there is no
    such key file.

    Raises InputError for a wrong passphrase, or if the key is not that of ``name``.
    """
    public = public_path(path)
    if not path.exists() or public.exists():
        return None
    key = load_key(path, passphrase)
    if key.name != name:
        raise InputError(f"{path} is there already, is the key of {key.name!r}, and will not be written over")
    _write_public(key, public)
    return public


def load_key(path: Path, passphrase: str) -> TrusteeKey:
    """The key in a key file. Raises InputError for a wrong passphrase or another file."""
    data = files.read_input(path, limit=_LIMIT, what="a trustee's key file, from `undersigned trustee init`")
    if not data.startswith(b"age-encryption.org/"):
        raise InputError(f"{path} is not a trustee's key file")
    try:
        kept: _Kept = canonical.decode_as(pyrage.passphrase.decrypt(data, passphrase), _Kept)
        return TrusteeKey(kept.name, base64url.decode(kept.seal, 32), base64url.decode(kept.sign, 32))
    except pyrage.DecryptError:
        raise InputError("the passphrase is wrong, or the key file is damaged") from None
    except MalformedError:
        raise InputError(f"{path} holds no trustee's key") from None
