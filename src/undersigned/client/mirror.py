"""Append-only local mirror of a log: detects rollbacks and forks (protocol.md section 7).

Only the checkpoint and entry bundles are downloaded. Hash tiles are computed from the entries on top of the mirrored
ones, and give the new root hash: if it is the one in the signed checkpoint, the log extends everything seen before. A
log that was rolled back or forked cannot pass.

::

    DIR/log/checkpoint      the newest accepted checkpoint; written last
    DIR/log/tile/...        as served
    DIR/evidence/           signed checkpoints that contradict earlier ones
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from undersigned import durable
from undersigned.protocol import checkpoint, tiles
from undersigned.protocol.checkpoint import Checkpoint
from undersigned.protocol.errors import LogError

from . import files
from .errors import InputError
from .http import Http
from .letter import Letter, read_checkpoint
from .log_extension import Extension, VerifiedExtension

Progress = Callable[[int, int], None]
"""Called with the number of entries downloaded, and the total."""


class Mirror:
    """The mirror of one letter's log in ``directory``."""

    def __init__(self, directory: Path, letter: Letter) -> None:
        self.directory = files.make_private_directory(directory)
        self.letter = letter
        self._log = files.make_private_directory(directory / "log")
        self.checkpoint: Checkpoint | None = None
        newest = self._log / "checkpoint"
        if newest.exists():
            self.checkpoint, _ = checkpoint.verify(newest.read_bytes(), letter.manifest.origin, letter.log_key)

    @property
    def size(self) -> int:
        """The number of mirrored entries."""
        return self.checkpoint.size if self.checkpoint else 0

    def read(self, path: str) -> bytes:
        """Reads a mirrored file. Raises InputError if it was removed."""
        try:
            return (self._log / path).read_bytes()
        except FileNotFoundError:
            raise InputError(f"{self._log / path} is missing: the mirror is damaged") from None

    def entries(self, first: int = 0) -> Iterator[bytes]:
        """The mirrored entries from index ``first``."""
        return tiles.read_entries(self.size, self.read, first=first) if self.size else iter(())

    def fetch(self, http: Http, progress: Progress | None = None) -> VerifiedExtension:
        """Downloads new entries and verifies that the log extends the mirror. Raises LogError on rollback or fork."""
        data = http.get("log/checkpoint")
        point, note = read_checkpoint(data, self.letter, "log/checkpoint")
        known = self.checkpoint
        if known is not None and point.size < known.size:
            self._keep_evidence(data)
            raise LogError(f"the log was rolled back: {known.size} entries were seen, now it has {point.size}")
        if known is not None and point.size == known.size:
            if point.root != known.root:
                self._keep_evidence(data)
                raise LogError(f"the log forked: two different logs of {point.size} entries were signed")
            return VerifiedExtension(point, note, self._extension())
        if not point.size:
            raise LogError("the log is empty")
        made = self._fetch_entries(http, point.size, progress)
        root = tiles.root_from_tiles(point.size, made.read)
        if root != point.root:
            self._keep_evidence(data)
            raise LogError(f"the log forked: its {point.size} entries do not extend the {self.size} seen before")
        if known is None and next(made.entries()) != self.letter.source:
            raise LogError("entry 0 is not the letter's manifest")
        return VerifiedExtension(point, note, made)

    def _keep_evidence(self, note: bytes) -> None:
        """Stores a signed checkpoint that contradicts an earlier one: the two together prove the log's misbehaviour."""
        folder = files.make_private_directory(self.directory / "evidence")
        durable.write_over(folder / f"{hashlib.sha256(note).hexdigest()[:16]}.checkpoint", note)

    def _fetch_entries(self, http: Http, size: int, progress: Progress | None) -> Extension:
        """Downloads entries from our size to ``size``, in entry bundles."""
        made = self._extension()
        for number in range(self.size // tiles.WIDTH, -(-size // tiles.WIDTH)):
            tile = tiles.Tile(-1, number, min(tiles.WIDTH, size - number * tiles.WIDTH))
            found = tiles.unpack_entries(http.get(f"log/{tile.path}"), tile.width)
            made.add(found[made.size - number * tiles.WIDTH :])
            if progress:
                progress(made.size, size)
        return made

    def _extension(self) -> Extension:
        return Extension(self.size, self.read, self.directory)

    def keep(self, fetched: VerifiedExtension) -> None:
        """Stores ``fetched`` durably: from now on, a smaller log is a rollback."""
        for path in fetched.made.paths():
            target = self._log / path
            durable.make_directory(target.parent)
            durable.write_over(target, fetched.made.read(path))
        # Write the checkpoint last: only now are all the tiles durable that it commits to.
        durable.write_over(self._log / "checkpoint", fetched.note.encode())
        self._drop_partial(fetched.made.paths())
        self.checkpoint = fetched.checkpoint

    def _drop_partial(self, paths: Iterable[str]) -> None:
        """Removes partial tiles that wider ones have replaced."""
        for path in paths:
            whole, _, width = path.partition(".p/")
            folder = self._log / f"{whole}.p"
            for narrower in folder.iterdir() if folder.is_dir() else ():
                if narrower.name != width:
                    narrower.unlink()
            if not width and folder.is_dir():
                folder.rmdir()
