"""Signed notes: C2SP signed-note v1.0.0 (protocol.md section 6).

A note is text ending in a newline, an empty line, then one line a signature: em dash, key name, base64 of a four-byte
key id and the signature. Lines by keys we do not know are kept but prove nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from . import findings
from .errors import MalformedError

ED25519: Final = 0x01
"""Signature type byte of a plain Ed25519 note signature."""
COSIGNATURE_V1: Final = 0x04
"""Signature type byte of a tlog-cosignature/v1 by an Ed25519 key."""
MAX_NOTE: Final = 1_000_000
MAX_LINES: Final = 100

_LINE: Final = re.compile(r"\u2014 ([^\s+]{1,255}) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line under a note: the key's ``name``, its four-byte ``key_id``, and the signature bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def encode(self) -> str:
        """The line, with its newline."""
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.signature).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note's ``text`` (with its last newline) and its signature lines, in order."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(line.encode() for line in self.signatures)).encode("utf-8")

    def by(self, name: str, key_id: bytes) -> SignatureLine | None:
        """The first line by the key of this name and id."""
        return next((line for line in self.signatures if line.name == name and line.key_id == key_id), None)


def key_id(name: str, kind: int, key: bytes) -> bytes:
    """First four bytes of SHA-256(name ‖ newline ‖ type byte ‖ public key)."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + key).digest()[:4]


def parse(data: bytes) -> Note:
    """The note in ``data``. Raises MalformedError for anything that is not one."""
    if len(data) > MAX_NOTE:
        raise MalformedError(findings.note_size())
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(findings.note_text()) from error
    if any(ord(character) < 0x20 and character != "\n" for character in content):
        raise MalformedError(findings.note_control())
    text, separator, lines = content.rpartition("\n\n")
    if not separator or not lines:
        raise MalformedError(findings.note_unsigned())
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[SignatureLine, ...]:
    """Signature lines, each ending in a newline, at least one. Raises MalformedError for anything else."""
    if not lines.endswith("\n"):
        raise MalformedError(findings.note_end())
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_LINES:
        raise MalformedError(findings.note_lines())
    return tuple(_parse_line(row) for row in rows)


def _parse_line(row: str) -> SignatureLine:
    match = _LINE.fullmatch(row)
    if not match:
        raise MalformedError(findings.note_form())
    try:
        data = base64.b64decode(match[2], validate=True)
    except ValueError as error:
        raise MalformedError(findings.note_signature()) from error
    if len(data) < 5 or base64.b64encode(data).decode("ascii") != match[2]:
        raise MalformedError(findings.note_signature())
    return SignatureLine(match[1], data[:4], data[4:])
