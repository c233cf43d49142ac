"""Persists a signature in progress, so that it can be resumed after a lost connection or a crash.

The registrar answers an access code once, and later repeats that answer only for the identical request. A client that
loses its request before the entry is sent has lost the code. The log, too, repeats a receipt only for identical bytes.
So both requests are on disk, readable by the owner only, before they are sent, and are destroyed once the receipt is
there. The file contains the withdrawal code: that is why it is destroyed at once.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from undersigned import durable
from undersigned.protocol import roll

from . import files
from .letter import Letter
from .signer import Blinded, Prepared, Signer, new_signer, signer_from


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: bytes
    prefix: bytes
    salt: bytes
    factor: bytes
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A signature in progress: the signer, and the request to the registrar. ``resumed``: it is from an earlier
    attempt, which may have sent ``prepared``.
    """

    path: Path
    signer: Signer
    blinded: Blinded
    resumed: bool
    prepared: Prepared | None = None

    def keep(self, prepared: Prepared) -> None:
        """Stores the entry before it is sent, so that a retry sends identical bytes."""
        _write(self.path, self.signer, self.blinded, prepared.body)

    def drop(self) -> None:
        """Removes the entry but keeps the registrar's request: the log refused the entry, so it is not in the log."""
        _write(self.path, self.signer, self.blinded, None)

    def finish(self) -> None:
        """Destroys the file."""
        if self.path.exists():
            files.destroy(self.path)


def state_directory() -> Path:
    """The directory for this user's state: ``$XDG_STATE_HOME/undersigned``."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "undersigned"


def begin(letter: Letter, access: bytes, directory: Path | None = None) -> Pending:
    """The signature in progress for this access code: resumed from disk if there is one, else new and on disk."""
    folder = files.make_private_directory(directory or state_directory())
    # Named by a hash of the token, so that the file name reveals the code only to holders of the code.
    token = roll.place(access, letter.rid).token
    path = folder / f"pending-{hashlib.sha256(b'pending' + token).hexdigest()[:24]}"
    if files.deletion_path(path).exists():
        # The tool was stopped while it destroyed the file of a finished signature.
        files.destroy(path)
    elif path.exists():
        kept = msgspec.json.decode(path.read_bytes(), type=_Stored)
        signer = signer_from(letter, kept.code)
        blinded = Blinded(kept.prefix, kept.salt, int.from_bytes(kept.factor, "big"))
        return Pending(path, signer, blinded, True, None if kept.body is None else Prepared.read(kept.body))
    signer, blinded = new_signer(letter), Blinded.fresh(letter)
    _write(path, signer, blinded, None)
    return Pending(path, signer, blinded, False)


def _write(path: Path, signer: Signer, blinded: Blinded, body: bytes | None) -> None:
    kept = _Stored(signer.code, blinded.prefix, blinded.salt, blinded.factor.to_bytes(384, "big"), body)
    durable.write_over(path, msgspec.json.encode(kept))
