"""``bundle.checkpoint``: the checkpoint that the names a site serves belong to (protocol.md section 7, ADR 0088).

``log/checkpoint`` runs ahead: the log grows several times a second, and names follow it every few seconds. Whoever
checks a letter on its site reads it at this checkpoint. Readers rely on an order:

    1  the checkpoint is hidden            nobody begins to read
    2  names are put in place, or go       objects.jsonl, editions, openings
    3  the checkpoint is shown             it implies nothing that is not there

A reader who finds the same checkpoint before and after the names has read them as of that checkpoint. A killed clerk
leaves no checkpoint here rather than a false one; the next one's first round shows it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Staged, Storage

NAME: Final = "bundle.checkpoint"


def path_of(letter: FixedLetter) -> str:
    """Where it lies among the served files."""
    return f"{letter.slug}/{NAME}"


def hide(letter: FixedLetter, storage: Storage) -> None:
    """Takes it away, before the names that it speaks of change."""
    storage.delete(path_of(letter))


def show(letter: FixedLetter, note: bytes, storage: Storage) -> None:
    """Puts ``note``, a checkpoint with its cosignatures, in place, after the names that it speaks of."""
    path = path_of(letter)
    if storage.get(path) != note:
        storage.put(path, note)


@dataclass(frozen=True, slots=True)
class Hiding:
    """A staged file of names. To put it in place hides the checkpoint first."""

    staged: Staged
    letter: FixedLetter
    storage: Storage

    def place(self) -> None:
        """Hides the checkpoint, then puts the file in place."""
        hide(self.letter, self.storage)
        # True now: nobody who begins to read takes the new names for those of the old checkpoint.
        self.staged.place()

    def discard(self) -> None:
        """Throws the file away."""
        self.staged.discard()
