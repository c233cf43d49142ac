"""Disk reserve: space kept free so that withdrawals work when the disk is full (docs/adr/0017).

``reserve`` in the data directory is a file of allocated, empty blocks. When the disk fills up it is deleted, and its
space is free for withdrawals, for the organiser's and the trustees' actions, and for the clerk that sequences them.
While it is missing no signatures are accepted, so that they cannot use the space up. Once there is space again it is
created again.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from pathlib import Path
from typing import Final

SIZE: Final = 32 * 1024 * 1024
"""Bytes. A withdrawal needs about 0.5 MB on its way into the log, mostly for files that replace others."""
MIN_FREE: Final = 2 * 1024 * 1024
"""Bytes. With less free space than this the reserve is released: a write that starts now might fail halfway."""
_SQLITE_FULL: Final = 13
_PG_FULL: Final = "53100"
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

logger = logging.getLogger(__name__)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, means that the disk is full.

    A database raises these only before a transaction is on disk, so nothing of it was stored. An fsync that fails on a
    full disk raises another error, which leaves the outcome unknown.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            return True
        if getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL or getattr(error, "sqlstate", None) == _PG_FULL:
            return True
        error = error.__cause__
    return False


class FileReserve:
    """The reserve of a data directory: its file and its size in bytes."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size

    def is_held(self) -> bool:
        """Whether the space is still reserved. People can sign only while it is."""
        return self._path.exists()

    def release(self) -> bool:
        """Frees the space; returns whether any was reserved."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        logger.error("the disk is full: no signatures are taken until there is space; withdrawals go on")
        return True

    def adjust(self) -> None:
        """Frees the space if the disk is nearly full, or reserves it again once there is more than enough."""
        free = self._count_free()
        if self.is_held():
            if free < MIN_FREE:
                self.release()
        elif free >= self._size + 2 * MIN_FREE:
            self._reserve()

    def _count_free(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize

    def _reserve(self) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                # Allocates blocks. A sparse file (ftruncate) would reserve nothing.
                os.posix_fallocate(descriptor, 0, self._size)
            finally:
                os.close(descriptor)
            temporary.replace(self._path)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            if not is_full(error):
                raise
