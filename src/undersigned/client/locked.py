"""One process at a time at work in a folder, on every system."""

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
    except ImportError:  # a system with neither: two tools at once are then the user's to avoid

        def _take(file: IO[bytes]) -> None:
            """No lock."""

    else:

        def _take(file: IO[bytes]) -> None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Holds an advisory lock on the file ``path``, made if missing; False if another process holds it.

    The system lets go of it when this process ends, however it ends.
    """
    with path.open("wb") as file:
        try:
            _take(file)
        except OSError:
            yield False
            return
        yield True
