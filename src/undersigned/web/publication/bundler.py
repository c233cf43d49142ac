"""Making a letter's bundle, and for a large letter beside the clerk's rounds: meanwhile the log goes on (ADR 0051)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from undersigned.protocol.standing import Standing
from undersigned.protocol.zip_profile import write_zip
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Staged, Storage, World
from undersigned.web.publication import served_checkpoint
from undersigned.web.publication.background import BackgroundWork
from undersigned.web.publication.bundle_files import assemble
from undersigned.web.records.models import Checkpoint

AT_ONCE: Final = 20_000
"""Entries up to which a bundle is made between two rounds: some 30 microseconds each, so nobody waits a second."""


def is_large(size: int) -> bool:
    """Whether the bundle of a log of so many entries is made beside the rounds."""
    return size > AT_ONCE


def place_bundle(letter: FixedLetter, checkpoint: Checkpoint, standing: Standing, world: World) -> None:
    """Puts ``bundle.zip`` in place, and a public letter's ``objects.jsonl`` with its checkpoint."""
    files = assemble(letter, checkpoint, standing, world.storage)
    try:
        for staged in _stage(letter, files, world.storage):
            staged.place()
    except OSError:
        # No room: the one that is there may name people who have to be gone. It goes, and makes room.
        remove_bundle(letter, world.storage)
        raise


def remove_bundle(letter: FixedLetter, storage: Storage) -> None:
    """Takes the bundle away: no bundle is better than one with a name that has to be gone."""
    storage.delete(f"{letter.slug}/bundle.zip")


def _stage(letter: FixedLetter, files: Mapping[str, bytes], storage: Storage) -> Iterator[Staged]:
    """The small files first: where there is no room for the bundle, records that have to be gone are gone."""
    if "objects.jsonl" in files:
        records = storage.stage(f"{letter.slug}/objects.jsonl", lambda file: file.write(files["objects.jsonl"]))
        yield served_checkpoint.Hiding(records, letter, storage)
        # True once these are placed: the records served are those of the checkpoint that is shown after them.
        yield storage.stage(served_checkpoint.path_of(letter), lambda file: file.write(files["log/checkpoint"]))
    yield storage.stage(f"{letter.slug}/bundle.zip", partial(write_zip, files))


class Bundler:
    """One letter's bundle, made in a thread of its own and put in place by whoever holds the rounds."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._storage = letter, world.storage
        self._beside = BackgroundWork("bundler")

    def begin(self, checkpoint: Checkpoint, standing: Standing, of: Any) -> None:
        """Begins one. What goes into it is settled now; only the bytes are made later."""
        files = assemble(self._letter, checkpoint, standing, self._storage)
        self._beside.begin(of, lambda watched: _stage(self._letter, watched(files), self._storage))

    @property
    def busy(self) -> bool:
        """Whether one is in the making, or made and not settled."""
        return self._beside.busy

    def done(self, now: Any) -> bool:
        """Whether one is made, or has failed, and is to be settled. If it shows something else it is given up."""
        return self._beside.done(now)

    def settle(self, now: Any) -> bool:
        """Puts what is done in its place and returns True; or throws it away, if it shows something else than ``now``.

        Raises what went wrong while it was made.
        """
        try:
            return self._beside.settle(now)
        except BaseException:
            remove_bundle(self._letter, self._storage)
            raise

    def leave(self) -> None:
        """Throws away what is in the making."""
        self._beside.leave()
