"""New log entries that are downloaded but not yet accepted: in memory, or on disk if large (bounded memory)."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersigned.protocol import tiles
from undersigned.protocol.checkpoint import Checkpoint
from undersigned.protocol.note import Note

IN_MEMORY: Final = 64 * 2**20
"""Bytes of entries held in memory; more go to an unlinked temporary file in the mirror's folder."""
_BUNDLES: Final = "tile/entries/"


class Extension:
    """The tile and bundle files that new entries add to a log of ``size``; they are read by path, like the log's."""

    def __init__(self, size: int, read: tiles.Reader, folder: Path) -> None:
        self._read, self.start, self.size = read, size, size
        self._entries = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._entries.close)
        self._places: dict[str, tuple[int, int]] = {}
        self._tiles: dict[str, bytes] = {}
        self._partial: dict[str, str] = {}

    def add(self, new: list[bytes]) -> None:
        """Appends entries: a whole entry bundle, or the remainder of one."""
        for path, data in tiles.extend(self.size, self.read, new).items():
            whole = path.partition(".p/")[0]
            narrower = self._partial.pop(whole, "")
            self._tiles.pop(narrower, None)
            self._places.pop(narrower, None)
            if path != whole:
                self._partial[whole] = path
            if path.startswith(_BUNDLES):
                self._places[path] = (self._entries.seek(0, 2), len(data))
                self._entries.write(data)
            else:
                self._tiles[path] = data
        self.size += len(new)

    def read(self, path: str) -> bytes:
        """A file's content including the new entries."""
        if path in self._places:
            start, length = self._places[path]
            self._entries.seek(start)
            return self._entries.read(length)
        return self._tiles[path] if path in self._tiles else self._read(path)

    def paths(self) -> Iterator[str]:
        """The paths to write, entries first: a crash must not leave a tile whose entries cannot be read."""
        yield from self._places
        yield from sorted(self._tiles)

    def entries(self, first: int = 0) -> Iterator[bytes]:
        """The new entries from index ``first``."""
        return tiles.read_entries(self.size, self.read, first=max(first, self.start))


@dataclass(frozen=True, slots=True)
class VerifiedExtension:
    """A verified checkpoint with its entries, not yet stored in the mirror."""

    checkpoint: Checkpoint
    note: Note
    made: Extension

    @property
    def number(self) -> int:
        """The number of new entries."""
        return self.made.size - self.made.start
