"""Small files kept in memory, each believed only while the file on disk is the same.

Every request still looks at the file, so that what was erased is never served again: a look costs two microseconds,
opening and reading twenty.

An ETag is made of what is sent and of nothing else. Inode, time and size would tell when each file was written, and so
when each batch, or each signature of a public letter, came in (docs/adr/0075).
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LARGEST: Final = 256 * 1024
"""Bytes of the largest file that is kept."""
ROOM: Final = 32 * 1024 * 1024
"""Bytes kept in one web worker in all."""
_MOST: Final = 4096
"""Large files whose tags are remembered."""
_CHUNK: Final = 1024 * 1024
_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Mark:
    """Tells one state of a file from another; never leaves this process. Files are replaced, never written into: the
    inode is new. ``changed``: the inode's own time, which nobody can set as they can the time of writing."""

    inode: int
    changed: int
    size: int


def mark_of(state: os.stat_result) -> Mark:
    """The mark of a file in that state."""
    return Mark(state.st_ino, state.st_ctime_ns, state.st_size)


def tag_of(data: bytes) -> bytes:
    """The ETag of what is sent."""
    return _spelt(hashlib.sha256(data))


def _spelt(digest: hashlib._Hash) -> bytes:
    return f'"{digest.hexdigest()[:32]}"'.encode()


def is_known(asked: bytes | None, tag: bytes | None) -> bool:
    """Whether If-None-Match names ``tag``: in a list, as a weak tag (proxies that compress make it one), or by ``*``.

    RFC 9110, 13.1.2. ``tag``: None if it is not known yet, though the file is there.
    """
    if asked is None or asked == tag:
        return asked is not None
    return asked.strip() == b"*" or tag in _TAG.findall(asked)


@dataclass(frozen=True, slots=True)
class Copy:
    """What a file holds, and its tag."""

    data: bytes
    tag: bytes


class FileCache:
    """Contents by path. ``room``: bytes in all; when it is full, everything is let go and it begins afresh."""

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._used = room, 0
        self._files: dict[str, tuple[Mark, Copy]] = {}

    def get(self, file: str, mark: Mark) -> Copy | None:
        """What the file holds, if it is kept and the file is still in that state."""
        found = self._files.get(file)
        return found[1] if found is not None and found[0] == mark else None

    def keep(self, file: str, mark: Mark, data: bytes) -> Copy:
        """What the file held in that state, with its tag: remembered, unless it is too large."""
        copy = Copy(data, tag_of(data))
        if len(data) > LARGEST or len(data) != mark.size:
            return copy
        old = self._files.pop(file, None)
        self._used += len(data) - (len(old[1].data) if old else 0)
        if self._used > self._room:
            self._files.clear()
            self._used = len(data)
        self._files[file] = (mark, copy)
        return copy

    def forget(self, file: str) -> None:
        """Lets go of a file that is no longer there."""
        old = self._files.pop(file, None)
        if old is not None:
            self._used -= len(old[1].data)


class LargeTags:
    """Tags of files that are not kept. Hashing one takes as long as reading it, so a thread does it, one at a time,
    and nobody waits: until it is done the file is sent without a tag."""

    def __init__(self) -> None:
        self._tags: dict[str, tuple[Mark, bytes]] = {}
        self._busy = threading.Lock()

    def get(self, file: str, mark: Mark) -> bytes | None:
        """The tag, or None: then it is being made, or will be when it is asked for again."""
        found = self._tags.get(file)
        if found is not None and found[0] == mark:
            return found[1]
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._make, args=(file,), name="tags", daemon=True).start()
        return None

    def _make(self, file: str) -> None:
        try:
            digest = hashlib.sha256()
            with Path(file).open("rb", buffering=0) as handle:
                mark = mark_of(os.fstat(handle.fileno()))
                while part := handle.read(_CHUNK):
                    digest.update(part)
            if len(self._tags) >= _MOST:
                self._tags.clear()
            self._tags[file] = (mark, _spelt(digest))
        except OSError:
            # Erased meanwhile, or the disk fails: whoever reads it is told.
            return
        finally:
            self._busy.release()
