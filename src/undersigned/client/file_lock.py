"""Advisory file lock: one process at a time works in a folder, on every operating system."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    try:
        import fcntl
    except ImportError:  # no locking on this system: users must not run two tools at once

        def _take(file: IO[bytes]) -> None:
            """No lock."""

    else:

        def _take(file: IO[bytes]) -> None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[bool]:
    """Holds an advisory lock on the file ``path``, created if missing; False if another process holds it.

    The operating system releases it when this process ends, even by a crash.
    """
    with path.open("wb") as file:
        try:
            _take(file)
        except OSError:
            yield False
            return
        yield True
