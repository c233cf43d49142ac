"""Writes a letter's bundle: a small one within the clerk's round, a large one in a background job (ADR 0051)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from undersigned.protocol.standing import Standing
from undersigned.protocol.zip_profile import write_zip
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Staged, Storage, World
from undersigned.web.publication import served_checkpoint
from undersigned.web.publication.background import BackgroundJob
from undersigned.web.publication.bundle_files import assemble_bundle
from undersigned.web.records.models import Checkpoint

MAX_INLINE_ENTRIES: Final = 20_000
"""Log size up to which a bundle is written within a round: about 30 microseconds an entry, so a signature waits less
than a second for it."""


def is_large(size: int) -> bool:
    """Whether the files of a log of ``size`` entries are written in the background."""
    return size > MAX_INLINE_ENTRIES


def place_bundle(letter: FixedLetter, checkpoint: Checkpoint, standing: Standing, world: World) -> None:
    """Writes ``bundle.zip``, and a public letter's ``objects.jsonl`` with its checkpoint, and puts them in place."""
    files = assemble_bundle(letter, checkpoint, standing, world.storage)
    try:
        for staged in _stage(letter, files, world.storage):
            staged.place()
    except OSError:
        # Disk full: the old bundle may name people who have withdrawn. Deleting it also frees space.
        remove_bundle(letter, world.storage)
        raise


def remove_bundle(letter: FixedLetter, storage: Storage) -> None:
    """Deletes the bundle: no bundle is better than one that names people who have withdrawn."""
    storage.delete(f"{letter.slug}/bundle.zip")


def _stage(letter: FixedLetter, files: Mapping[str, bytes], storage: Storage) -> Iterator[Staged]:
    """Writes the files. Small ones first: if the bundle fills the disk, records that must not be served are gone."""
    if "objects.jsonl" in files:
        records = storage.stage(f"{letter.slug}/objects.jsonl", lambda file: file.write(files["objects.jsonl"]))
        yield served_checkpoint.HideBefore(records, letter, storage)
        # True once these are placed: the records served are those of the checkpoint that is shown after them.
        yield storage.stage(served_checkpoint.path_of(letter), lambda file: file.write(files["log/checkpoint"]))
    yield storage.stage(f"{letter.slug}/bundle.zip", partial(write_zip, files))


class Bundler:
    """Writes one letter's bundle in a background job; the thread that runs the rounds puts it in place."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._storage = letter, world.storage
        self._job = BackgroundJob("bundler")

    def start(self, checkpoint: Checkpoint, standing: Standing, target: Any) -> None:
        """Starts a bundle. Its contents are decided now; only the bytes are made later."""
        files = assemble_bundle(self._letter, checkpoint, standing, self._storage)
        self._job.start(target, lambda cancellable: _stage(self._letter, cancellable(files), self._storage))

    @property
    def is_busy(self) -> bool:
        """Whether a bundle is being written, or is written and waits for ``finish``."""
        return self._job.is_busy

    def poll(self, target: Any) -> bool:
        """Whether a bundle waits for ``finish``. Cancels one that shows something else than ``target``."""
        return self._job.poll(target)

    def finish(self, target: Any) -> bool:
        """Puts the bundle in place and returns True, or discards it if it shows something else than ``target``.

        Raises the job's own error, after deleting the bundle that is served.
        """
        try:
            return self._job.finish(target)
        except BaseException:
            remove_bundle(self._letter, self._storage)
            raise

    def cancel(self) -> None:
        """Discards the bundle that is being written."""
        self._job.cancel()
