"""``bundle.checkpoint``: the checkpoint that a site's served names belong to (protocol.md section 7, ADR 0088).

``log/checkpoint`` runs ahead: the log grows several times a second, and names follow it every few seconds. A verifier
that reads a letter from its site therefore reads it as of this checkpoint, and relies on an order of writes:

    1  the checkpoint is hidden            no new reader starts
    2  names are put in place or deleted   objects.jsonl, editions, openings
    3  the checkpoint is shown             everything it implies is there

A reader that finds the same checkpoint before and after reading the names has read them as of that checkpoint. A clerk
that is killed leaves no checkpoint here rather than a wrong one; the first round of the next one shows it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Staged, Storage

NAME: Final = "bundle.checkpoint"


def path_of(letter: FixedLetter) -> str:
    """Its path among the served files."""
    return f"{letter.slug}/{NAME}"


def hide(letter: FixedLetter, storage: Storage) -> None:
    """Deletes the file. Call this before the names that it implies change."""
    storage.delete(path_of(letter))


def show(letter: FixedLetter, note: bytes, storage: Storage) -> None:
    """Writes ``note``, a checkpoint with its cosignatures. Call this after the names that it implies are in place."""
    path = path_of(letter)
    if storage.get(path) != note:
        storage.put(path, note)


@dataclass(frozen=True, slots=True)
class HideBefore:
    """A staged file of names that hides the checkpoint before it is put in place."""

    staged: Staged
    letter: FixedLetter
    storage: Storage

    def place(self) -> None:
        """Hides the checkpoint, then puts the file in place."""
        hide(self.letter, self.storage)
        # True now: a reader who starts here cannot take the new names for those of the old checkpoint.
        self.staged.place()

    def discard(self) -> None:
        """Deletes the staged file."""
        self.staged.discard()
