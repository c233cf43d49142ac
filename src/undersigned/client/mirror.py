"""A log mirrored to disk: everything ever seen of it, so that nothing seen can be taken back (protocol.md section 7).

Only checkpoint and entry bundles are fetched. Hash tiles are computed here from the entries, on top of those already
mirrored, and the new root is what they give: if it is the one the checkpoint signs, the log is an extension of all that
was seen before. A log that went back or forked cannot pass.

::

    DIR/log/checkpoint      the newest checkpoint accepted; written last
    DIR/log/tile/...        as served
    DIR/evidence/           signed checkpoints that contradict what was seen before
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
from .fetched import Extension, Fetched
from .http import Http
from .letter import Letter, read_checkpoint

Progress = Callable[[int, int], None]
"""Called with how many entries are here, and how many there are."""


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
        """How many entries are mirrored."""
        return self.checkpoint.size if self.checkpoint else 0

    def read(self, path: str) -> bytes:
        """A file of the mirror. Raises InputError if it is gone: somebody has been at the folder."""
        try:
            return (self._log / path).read_bytes()
        except FileNotFoundError:
            raise InputError(f"{self._log / path} is missing: the mirror is damaged") from None

    def entries(self, first: int = 0) -> Iterator[bytes]:
        """The mirrored entries from index ``first`` on."""
        return tiles.read_entries(self.size, self.read, first=first) if self.size else iter(())

    def fetch(self, http: Http, progress: Progress | None = None) -> Fetched:
        """What is new, shown to extend all that was seen before. Raises LogError for a log that went back or forked."""
        data = http.get("log/checkpoint")
        point, note = read_checkpoint(data, self.letter, "log/checkpoint")
        known = self.checkpoint
        if known is not None and point.size < known.size:
            self._keep_evidence(data)
            raise LogError(f"the log went back: {known.size} entries were seen, now it shows {point.size}")
        if known is not None and point.size == known.size:
            if point.root != known.root:
                self._keep_evidence(data)
                raise LogError(f"the log forked: two different logs of {point.size} entries were signed")
            return Fetched(point, note, self._extension())
        if not point.size:
            raise LogError("the log is empty")
        made = self._fetch_entries(http, point.size, progress)
        root = tiles.root_from_tiles(point.size, made.read)
        if root != point.root:
            self._keep_evidence(data)
            raise LogError(f"the log forked: its {point.size} entries do not extend the {self.size} seen before")
        if known is None and next(made.entries()) != self.letter.source:
            raise LogError("entry 0 is not the letter's manifest")
        return Fetched(point, note, made)

    def _keep_evidence(self, note: bytes) -> None:
        """Keeps a checkpoint the log signed although it contradicts an earlier one: both together convict the log."""
        folder = files.make_private_directory(self.directory / "evidence")
        durable.write_over(folder / f"{hashlib.sha256(note).hexdigest()[:16]}.checkpoint", note)

    def _fetch_entries(self, http: Http, size: int, progress: Progress | None) -> Extension:
        """Entries from our size to ``size``, from the server's bundles."""
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

    def keep(self, fetched: Fetched) -> None:
        """Takes ``fetched`` into the mirror, durably: from now on the log may not go behind it."""
        for path in fetched.made.paths():
            target = self._log / path
            durable.make_directory(target.parent)
            durable.write_over(target, fetched.made.read(path))
        # Every tile is durable: now, and not before, the checkpoint may speak of them.
        durable.write_over(self._log / "checkpoint", fetched.note.encode())
        self._drop_partial(fetched.made.paths())
        self.checkpoint = fetched.checkpoint

    def _drop_partial(self, paths: Iterable[str]) -> None:
        """Removes the narrower tiles that the new ones replace."""
        for path in paths:
            whole, _, width = path.partition(".p/")
            folder = self._log / f"{whole}.p"
            for narrower in folder.iterdir() if folder.is_dir() else ():
                if narrower.name != width:
                    narrower.unlink()
            if not width and folder.is_dir():
                folder.rmdir()
