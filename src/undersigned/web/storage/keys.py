"""The site's secrets, as files in the data directory's ``keys/``."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from undersigned.durable import write_new
from undersigned.protocol.credential import KEY_BITS, RegistrarKey, load_private


class FileKeys:
    """The directory ``keys/`` of a data directory. Each file is read once and cached: keys never change.

    ``token``: another file that has the organiser's token.
    """

    def __init__(self, directory: Path, *, token: Path | None = None) -> None:
        self._directory = directory
        self._token = token
        self._read = cache(self._read_file)
        self.registrar = cache(self._registrar)

    def _read_file(self, name: str) -> bytes:
        return (self._directory / name).read_bytes()

    def make(self, slug: str) -> None:
        """Creates a letter's log seed and registrar key, unless they exist. Idempotent."""
        write_new(self._directory / f"{slug}.log", os.urandom(32))
        if not (self._directory / f"{slug}.registrar").exists():
            key = rsa.generate_private_key(65537, KEY_BITS)
            data = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            write_new(self._directory / f"{slug}.registrar", data)

    def log_seed(self, slug: str) -> bytes:
        """The 32-byte seed of the letter's log key."""
        return self._read(f"{slug}.log")

    def _registrar(self, slug: str) -> RegistrarKey:
        return load_private(self._read(f"{slug}.registrar"))

    def registrar_public(self, slug: str) -> bytes:
        """SubjectPublicKeyInfo DER of the letter's registrar key."""
        key = load_der_private_key(self._read(f"{slug}.registrar"), password=None)
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def organiser_token(self) -> str:
        """The bearer token of the organiser."""
        data = self._read("organiser-token") if self._token is None else self._token.read_bytes()
        return data.decode("ascii").strip()

    def mail_secret(self) -> bytes:
        """The 32-byte key of the hashes of email addresses; created at the first call."""
        write_new(self._directory / "mail", os.urandom(32))
        return self._read("mail")
