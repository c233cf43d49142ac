"""Parses the addresses of servers and letters, and invitation links (protocol.md section 2).

An invitation is ``https://<origin>/#<letter id>``; the link in a slip's QR symbol adds the access code:
``#<letter id>.<code>``. Both are in the fragment, which browsers never send: so the server cannot choose which letter a
reader expects, and never sees a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from undersigned.protocol import base64url
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import SLUG

from .errors import InputError

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PATH: Final = re.compile(rf"/{SLUG}/?")


@dataclass(frozen=True, slots=True)
class Link:
    """The address of a letter, and the expected letter id.

    ``scheme``: https, or http on loopback; ``origin``: host[:port]/slug as in the manifest; ``letter``: 32 bytes, or
    None if the link has no id; ``code``: the access code as printed on a slip, if the link has one.
    """

    scheme: str
    origin: str
    letter: bytes | None
    code: str | None = field(default=None, repr=False)

    @property
    def base(self) -> str:
        """The letter's address, ending in a slash."""
        return f"{self.scheme}://{self.origin}/"

    @property
    def slug(self) -> str:
        """The last part of the origin."""
        return self.origin.partition("/")[2]

    def __str__(self) -> str:
        fragment = f"#{base64url.encode(self.letter)}" if self.letter is not None else ""
        return self.base + fragment


def parse_server(text: str) -> str:
    """Parses a server's address to ``scheme://host[:port]``. Raises InputError."""
    scheme, authority, path, _ = _split(text)
    if path not in ("", "/"):
        raise InputError(f"{text!r} is not a server's address: it must end after the host")
    return f"{scheme}://{authority}"


def parse_link(text: str) -> Link:
    """Parses a letter's address or an invitation. Raises InputError."""
    scheme, authority, path, fragment = _split(text)
    if not _PATH.fullmatch(path):
        raise InputError("this is not a letter's address: https://HOST/NAME/, optionally with # and the letter id")
    letter = None
    spelt, _, code = fragment.partition(".")
    if spelt:
        try:
            letter = base64url.decode(spelt, 32)
        except MalformedError:
            raise InputError("the part after the # is not a letter id: the link is incomplete or damaged") from None
    return Link(scheme, authority + path.rstrip("/"), letter, unquote(code) or None)


def _split(text: str) -> tuple[str, str, str, str]:
    """Scheme, authority, path, fragment. Raises InputError for an address that no letter or server can have."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InputError("this is not an address") from None
    if parts.scheme not in ("https", "http") or not host:
        raise InputError("an address must begin with https://")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InputError("http is allowed on this machine only (127.0.0.1): elsewhere it could be tampered with")
    if parts.username is not None or parts.query:
        raise InputError("an address must not contain a user name or a question mark")
    shown = f"[{host}]" if ":" in host else host
    return parts.scheme, shown if port is None else f"{shown}:{port}", parts.path, parts.fragment
