"""Small files kept in memory, each believed only while the file on disk is the same.

Every request still looks at the file, so that what was erased is never served again: a look costs two microseconds,
opening and reading twenty.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 256 * 1024
"""Bytes of the largest file that is kept."""
ROOM: Final = 32 * 1024 * 1024
"""Bytes kept in one web worker in all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells one state of a file from another. Files are replaced, never written into: the inode is new."""

    inode: int
    written: int
    size: int

    @property
    def tag(self) -> bytes:
        """As an ETag."""
        return f'"{self.inode:x}-{self.written:x}-{self.size:x}"'.encode()


def mark_of(state: os.stat_result) -> Mark:
    """The mark of a file in that state."""
    return Mark(state.st_ino, state.st_mtime_ns, state.st_size)


class Kept:
    """Contents by path. ``room``: bytes in all; when it is full, everything is let go and it begins afresh."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._used = room, 0
        self._files: dict[str, tuple[Mark, bytes]] = {}

    def get(self, file: str, mark: Mark) -> bytes | None:
        """What the file holds, if it is kept and the file is still in that state."""
        found = self._files.get(file)
        return found[1] if found is not None and found[0] == mark else None

    def keep(self, file: str, mark: Mark, data: bytes) -> None:
        """Remembers what the file held in that state, unless it is too large."""
        if len(data) > LARGEST or len(data) != mark.size:
            return
        old = self._files.pop(file, None)
        self._used += len(data) - (len(old[1]) if old else 0)
        if self._used > self._room:
            self._files.clear()
            self._used = len(data)
        self._files[file] = (mark, data)

    def forget(self, file: str) -> None:
        """Lets go of a file that is no longer there."""
        old = self._files.pop(file, None)
        if old is not None:
            self._used -= len(old[1])
