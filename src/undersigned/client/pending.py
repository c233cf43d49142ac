"""A signature begun and not finished, so that a lost connection or a closed lid costs nothing.

The registrar answers an access code once, and again only to the very same question. Whoever loses the question between
asking and handing in has lost the code. An entry that arrived is answered again only to the same bytes. So both
are kept on disk, readable by their owner only, from before they are sent until the receipt is there, and then
destroyed. It holds the withdrawal code: that is why it goes so soon.
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


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: bytes
    prefix: bytes
    salt: bytes
    factor: bytes
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A signature under way: who signs, and what the registrar is asked. ``resumed``: from an earlier attempt, which
    may have sent ``prepared``.
    """

    path: Path
    signer: Signer
    blinded: Blinded
    resumed: bool
    prepared: Prepared | None = None

    def keep(self, prepared: Prepared) -> None:
        """Keeps what is about to be sent, so that another attempt sends the very same."""
        _write(self.path, self.signer, self.blinded, prepared.body)

    def drop(self) -> None:
        """Forgets what was about to be sent, and not the question: the log has refused it, so it is not in the log."""
        _write(self.path, self.signer, self.blinded, None)

    def finish(self) -> None:
        """Forgets it, for good."""
        if self.path.exists():
            files.destroy(self.path)


def state_directory() -> Path:
    """Where this user's tools keep state: ``$XDG_STATE_HOME/undersigned``."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "undersigned"


def begin(letter: Letter, access: bytes, directory: Path | None = None) -> Pending:
    """The signature begun with this access code: the earlier attempt if there was one, else a new one, on disk."""
    folder = files.make_private_directory(directory or state_directory())
    # Named by a hash of the token: says which code it is only to those who have the code.
    token = roll.place(access, letter.rid).token
    path = folder / f"pending-{hashlib.sha256(b'pending' + token).hexdigest()[:24]}"
    if files.destroying(path).exists():
        # An earlier signature was finished with, and the tool was stopped before all of it was forgotten.
        files.destroy(path)
    elif path.exists():
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        signer = signer_from(letter, kept.code)
        blinded = Blinded(kept.prefix, kept.salt, int.from_bytes(kept.factor, "big"))
        return Pending(path, signer, blinded, True, None if kept.body is None else Prepared.read(kept.body))
    signer, blinded = new_signer(letter), Blinded.fresh(letter)
    _write(path, signer, blinded, None)
    return Pending(path, signer, blinded, False)


def _write(path: Path, signer: Signer, blinded: Blinded, body: bytes | None) -> None:
    kept = _Kept(signer.code, blinded.prefix, blinded.salt, blinded.factor.to_bytes(384, "big"), body)
    durable.write_over(path, msgspec.json.encode(kept))
