"""Email addresses: parsing, normalisation to one identity per mailbox, and the keyed hashes that are stored of them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from email_validator import EmailNotValidError, validate_email

from undersigned.protocol import base64url
from undersigned.protocol.errors import MalformedError
from undersigned.web.ports import Entropy

MAX_LENGTH: Final = 254
_NONCE: Final = 12
_MAC: Final = 16
_DOTLESS: Final = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Domains that deliver every dotted spelling of a local part to one mailbox."""


@dataclass(frozen=True, slots=True)
class Address:
    """``spelt``: where emails are sent; ``identity``: equal for all spellings that are known to be one mailbox."""

    spelt: str
    identity: str
    domain: str


def parse_address(text: str) -> Address:
    """Parses an address as a person typed it, without a DNS query. Raises MalformedError."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise MalformedError("this is not an email address") from None
    if len(found.normalized) > MAX_LENGTH:
        raise MalformedError("this email address is too long")
    domain = found.ascii_domain.lower()
    # Drops the "+label" that a mailbox's owner can choose freely: one mailbox must not count as many people.
    local = found.local_part.lower().partition("+")[0] or found.local_part.lower()
    if domain in _DOTLESS:
        domain, local = _DOTLESS[domain], local.replace(".", "")
    return Address(f"{found.local_part}@{found.ascii_domain}", f"{local}@{domain}", found.ascii_domain.lower())


class Digests:
    """Keyed hashes (HMAC) and encryption of addresses, under the 32-byte secret in ``keys/mail``."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _mac(self, purpose: str, *parts: str) -> bytes:
        return hmac.digest(self._secret, "\n".join((purpose, *parts)).encode(), "sha256")

    def of_letter(self, letter: str, address: Address) -> str:
        """The digest for one letter: two letters' tables cannot be joined on it. ``letter``: its id, base64url."""
        return base64url.encode(self._mac("letter", letter, address.identity))

    def of_day(self, day: int, address: Address) -> str:
        """The digest for one day. ``day``: days since 1970."""
        return base64url.encode(self._mac("day", str(day), address.identity))

    def of_block(self, address: Address) -> str:
        """The digest for the list of blocked addresses."""
        return base64url.encode(self._mac("block", address.identity))

    def stop_token(self, address: Address) -> str:
        """The token in an email's stop link: the block digest, and a MAC that shows that this site made it."""
        blocked = self._mac("block", address.identity)
        return base64url.encode(blocked + self._mac("stop", blocked.hex())[:_MAC])

    def read_stop_token(self, token: str) -> str:
        """The block digest in a stop link. Raises MalformedError if this site did not make it."""
        data = base64url.decode(token, 32 + _MAC)
        if not hmac.compare_digest(data[32:], self._mac("stop", data[:32].hex())[:_MAC]):
            raise MalformedError("this link was not made by this site")
        return base64url.encode(data[:32])

    def seal(self, text: str, digest: str, entropy: Entropy) -> bytes:
        """Encrypts ``text``, padded to a fixed length. It can be decrypted only in the row of ``digest``."""
        nonce = entropy(_NONCE)
        padded = text.encode().ljust(320, b"\0")
        return nonce + AESGCM(self._mac("queue")).encrypt(nonce, padded, digest.encode())

    def open(self, sealed: bytes, digest: str) -> str:
        """Decrypts what ``seal`` returned. Raises ValueError if the secret has changed."""
        try:
            opened = AESGCM(self._mac("queue")).decrypt(sealed[:_NONCE], sealed[_NONCE:], digest.encode())
        except InvalidTag:
            raise ValueError("keys/mail is not the key this email was queued under") from None
        return opened.rstrip(b"\0").decode()
