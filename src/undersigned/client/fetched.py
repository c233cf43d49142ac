"""What has been fetched of a log and is not kept yet: on disk if it is much, so that a million entries fit anywhere."""

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
"""Bytes of entries that are held in memory; more go into a nameless file in the mirror's folder."""
_BUNDLES: Final = "tile/entries/"


class Extension:
    """The files that new entries write beside those of a log of ``size``, a bundle at a time; read by their paths."""

    def __init__(self, size: int, read: tiles.Reader, folder: Path) -> None:
        self._read, self.start, self.size = read, size, size
        self._entries = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 - closed with this object
        weakref.finalize(self, self._entries.close)
        self._places: dict[str, tuple[int, int]] = {}
        self._tiles: dict[str, bytes] = {}
        self._partial: dict[str, str] = {}

    def add(self, new: list[bytes]) -> None:
        """Appends entries: those of one bundle, or what is left of one."""
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
        """A file as it is with the new entries."""
        if path in self._places:
            start, length = self._places[path]
            self._entries.seek(start)
            return self._entries.read(length)
        return self._tiles[path] if path in self._tiles else self._read(path)

    def paths(self) -> Iterator[str]:
        """What there is to write, entries first: a tile must never speak of an entry that cannot be read."""
        yield from self._places
        yield from sorted(self._tiles)

    def entries(self, first: int = 0) -> Iterator[bytes]:
        """The new entries from index ``first`` on."""
        return tiles.read_entries(self.size, self.read, first=max(first, self.start))


@dataclass(frozen=True, slots=True)
class Fetched:
    """A checkpoint whose entries have been fetched and fit; nothing of it is kept yet."""

    checkpoint: Checkpoint
    note: Note
    made: Extension

    @property
    def number(self) -> int:
        """How many entries are new."""
        return self.made.size - self.made.start
