"""Checkpoints: C2SP tlog-checkpoint v1.0.0, cosigned by tlog-cosignature/v1 (protocol.md section 6).

The log signs under the key name ``<origin>``, trustee j under ``<origin>/trustee/<j>``. A cosignature says: "at this
time I had seen the log consistent up to here".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from . import findings, keys
from .errors import LogError, MalformedError, SignatureError
from .note import COSIGNATURE_V1, ED25519, Note, SignatureLine, key_id, parse

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: ``origin``, number of entries, 32-byte root. We write no extension lines and accept none."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A checked cosignature: which trustee (index from 1), and when, in Unix seconds."""

    trustee: int
    time: int


def parse_text(text: str) -> Checkpoint:
    """Parses the text of a checkpoint note. Raises MalformedError for another form."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise MalformedError(findings.checkpoint_lines())
    if not _SIZE.fullmatch(lines[1]):
        raise MalformedError(findings.checkpoint_size())
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError as error:
        raise MalformedError(findings.checkpoint_root()) from error
    if len(root) != 32 or base64.b64encode(root).decode("ascii") != lines[2]:
        raise MalformedError(findings.checkpoint_root())
    return Checkpoint(lines[0], int(lines[1]), root)


def sign(checkpoint: Checkpoint, seed: bytes) -> Note:
    """The checkpoint as a note signed by the log's key."""
    text = checkpoint.text()
    key = keys.public_key(seed)
    signature = keys.sign_raw(seed, text.encode("utf-8"))
    return Note(text, (SignatureLine(checkpoint.origin, key_id(checkpoint.origin, ED25519, key), signature),))


def cosigner_name(origin: str, trustee: int) -> str:
    """The key name of trustee ``trustee`` (from 1)."""
    return f"{origin}/trustee/{trustee}"


def cosign(checkpoint: Checkpoint, trustee: int, seed: bytes, time: int) -> SignatureLine:
    """A trustee's tlog-cosignature/v1 line. ``time``: Unix seconds."""
    name = cosigner_name(checkpoint.origin, trustee)
    signature = keys.sign_raw(seed, _cosigned(checkpoint.text(), time))
    return SignatureLine(name, key_id(name, COSIGNATURE_V1, keys.public_key(seed)), time.to_bytes(8, "big") + signature)


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def verify(data: bytes | Note, origin: str, log_key: bytes) -> tuple[Checkpoint, Note]:
    """Parses a checkpoint and verifies the log's signature on it.

    Raises MalformedError, LogError for another origin, SignatureError unless the log signed it.
    """
    note = parse(data) if isinstance(data, bytes) else data
    checkpoint = parse_text(note.text)
    if checkpoint.origin != origin:
        raise LogError(findings.log_origin())
    line = note.by(origin, key_id(origin, ED25519, log_key))
    if line is None:
        raise SignatureError(findings.log_unsigned())
    keys.verify_raw(log_key, line.signature, note.text.encode("utf-8"))
    return checkpoint, note


def verify_cosignature(text: str, line: SignatureLine, trustees: list[bytes]) -> Cosignature | None:
    """Verifies one cosignature line; None if it names no trustee of this letter.

    ``text``: the checkpoint's note text; ``trustees``: Ed25519 keys in manifest order.
    Raises SignatureError if it names a trustee and does not verify.
    """
    origin = text.split("\n", 1)[0]
    for index, key in enumerate(trustees, start=1):
        name = cosigner_name(origin, index)
        if line.name == name and line.key_id == key_id(name, COSIGNATURE_V1, key):
            if len(line.signature) != 8 + keys.SIGNATURE_LENGTH:
                raise SignatureError(findings.cosignature_length())
            time = int.from_bytes(line.signature[:8], "big")
            keys.verify_raw(key, line.signature[8:], _cosigned(text, time))
            return Cosignature(index, time)
    return None


def cosignatures(note: Note, trustees: list[bytes]) -> list[Cosignature]:
    """Verifies the trustees' cosignatures on a checkpoint: one each, in trustee order.

    Raises SignatureError if a line that names a trustee does not verify.
    """
    found = (verify_cosignature(note.text, line, trustees) for line in note.signatures)
    return sorted({c.trustee: c for c in found if c is not None}.values(), key=lambda c: c.trustee)
