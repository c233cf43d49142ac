"""Atomic, durable file writes: to a temporary name, fsync, then rename or link, then fsync of the directory.

After ``write_over`` or ``write_new`` returns, the file is on disk under its name, whole. If they are interrupted, the
name holds what it held before; what they leave beside it has a name that begins with a full stop, and is never served.
Whatever the site, the tools or the press write for keeps is written here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

_CREATE: Final = (
    # Windows has the one of the two, everybody else the other.
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Makes ``path`` and those above it, if missing, durably."""
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    # Another process may be making the same one: the clerk and a web worker start together.
    path.mkdir(mode=mode, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable: a rename is not, until its directory has been synced."""
    directory: int | None = getattr(os, "O_DIRECTORY", None)
    if directory is None:
        return  # Windows: a directory cannot be opened, and its file system journals the names by itself
    descriptor = os.open(path, os.O_RDONLY | directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_over(path: Path, data: bytes, mode: int = 0o600, *, dated: bool = True, durable: bool = True) -> None:
    """Puts ``data`` at ``path``, replacing what is there, in one step.

    ``dated``: whether its time of writing says when that was; ``durable``: also true after a power cut, to be left out
    only for what can be fetched or made again.
    """
    beside = _beside(path)
    _create(beside, _writer(data), mode, dated=dated, durable=durable)
    put_over(beside, path, durable=durable)


def write_new(path: Path, data: bytes, mode: int = 0o600) -> bool:
    """Puts ``data`` at ``path`` unless something is there; returns whether it did. Two at once: one wins, whole."""
    if path.exists():
        return False
    beside = _beside(path)
    _create(beside, _writer(data), mode)
    try:
        # A link fails where a rename would overwrite: a key, once used, must never change.
        path.hardlink_to(beside)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync_directory(path.parent)
    return True


def write_beside(path: Path, write: Callable[[BinaryIO], object], mode: int = 0o600) -> Path:
    """What ``write`` writes into the file it is given, on disk beside ``path``. ``put_over`` brings it there."""

    def fill(descriptor: int) -> None:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            write(file)

    beside = _beside(path)
    _create(beside, fill, mode)
    return beside


def put_over(beside: Path, path: Path, *, durable: bool = True) -> None:
    """Puts a file that is on disk at ``path``, replacing what is there. If it cannot, the file is gone."""
    try:
        # From here on either the old or the new file is there.
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def create_file(path: Path, data: bytes, mode: int) -> None:
    """A new file with exactly this mode, whatever the umask. Its bytes are on disk; its name is after
    ``sync_directory``."""

    def fill(descriptor: int) -> None:
        path.chmod(mode)
        _writer(data)(descriptor)

    _create(path, fill, mode)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}")


def _create(path: Path, write: Callable[[int], object], mode: int, *, dated: bool = True, durable: bool = True) -> None:
    descriptor = os.open(path, _CREATE, mode)
    try:
        try:
            write(descriptor)
            if not dated:
                os.utime(descriptor, (0, 0))
            if durable:
                os.fsync(descriptor)
        finally:
            # Closed first: on Windows an open file cannot be removed.
            os.close(descriptor)
    except BaseException:
        path.unlink()
        raise


def _writer(data: bytes) -> Callable[[int], None]:
    def write(descriptor: int) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    return write
