"""Room on the disk that is kept for withdrawals (docs/adr/0017).

``reserve`` in the data directory is a file of nothing. When the disk runs full it is removed: what it took is free for
withdrawals, for acts of organiser and trustees, and for the clerk who brings them into the log. While it is gone
nobody signs, so that nothing else uses the room up. Once there is room again it is made anew.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from pathlib import Path
from typing import Final

SIZE: Final = 32 * 1024 * 1024
"""Bytes. A withdrawal takes some 0.5 MB on its way into the log, most of it files that replace others."""
LOW: Final = 2 * 1024 * 1024
"""With fewer bytes free than this nothing is begun that may not end."""
_SQLITE_FULL: Final = 13
_PG_FULL: Final = "53100"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)

logger = logging.getLogger(__name__)


def is_full(error: BaseException | None) -> bool:
    """Whether an error means, somewhere in its chain, that the disk had no room.

    Databases say so only before the transaction is on disk: then nothing of it was stored. A sync that fails for want
    of room is another error, and leaves open what was stored.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        if getattr(error, "sqlite_errorcode", None) == _SQLITE_FULL or getattr(error, "sqlstate", None) == _PG_FULL:
            return True
        error = error.__cause__
    return False


class FileReserve:
    """The reserve of a data directory: ``path`` and how many bytes it holds."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size

    def held(self) -> bool:
        """Whether the room is still kept, so that people may sign."""
        return self._path.exists()

    def release(self) -> bool:
        """Gives the room up; returns whether there was any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        logger.error("the disk is full: nobody can sign until there is room; withdrawals go on")
        return True

    def settle(self) -> None:
        """Gives the room up if the disk is nearly full, or takes it again once there is more than enough."""
        free = self._free()
        if self.held():
            if free < LOW:
                self.release()
        elif free >= self._size + 2 * LOW:
            self._make()

    def _free(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize

    def _make(self) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                # Blocks that are really there, not a length that is only promised.
                os.posix_fallocate(descriptor, 0, self._size)
            finally:
                os.close(descriptor)
            beside.replace(self._path)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                beside.unlink()
            if not is_full(error):
                raise
