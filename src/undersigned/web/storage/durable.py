"""Files that survive power loss: written beside their place, synced, and only then named.

After ``write_over`` or ``write_new`` returns, the file is on disk under its name, whole. If they are interrupted, the
name holds what it held before.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def make_directory(path: Path, mode: int) -> None:
    """Makes ``path`` and those above it, if missing, durably."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_directory(path.parent, mode)
    # Another process may be making the same one: the clerk and a web worker start together.
    path.mkdir(mode=mode, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable: a rename is not, until its directory has been synced."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, write: Callable[[int], object], mode: int, *, dated: bool = True) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        write(descriptor)
        if not dated:
            os.utime(descriptor, (0, 0))
        os.fsync(descriptor)
    except BaseException:
        beside.unlink()
        raise
    finally:
        os.close(descriptor)
    return beside


def _writer(data: bytes) -> Callable[[int], None]:
    def write(descriptor: int) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    return write


def write_over(path: Path, data: bytes, mode: int = 0o600, *, dated: bool = True) -> None:
    """Puts ``data`` at ``path``, replacing what is there. ``dated``: whether its time of writing says when that was."""
    put_over(_write_beside(path, _writer(data), mode, dated=dated), path)


def write_beside(path: Path, write: Callable[[BinaryIO], object], mode: int = 0o600) -> Path:
    """What ``write`` writes into the file it is given, on disk beside ``path``. ``put_over`` brings it there."""

    def fill(descriptor: int) -> None:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            write(file)

    return _write_beside(path, fill, mode)


def put_over(beside: Path, path: Path) -> None:
    """Puts a file that is on disk at ``path``, replacing what is there. If it cannot, the file is gone."""
    try:
        beside.replace(path)
    except BaseException:
        beside.unlink()
        raise
    sync_directory(path.parent)


def write_new(path: Path, data: bytes, mode: int = 0o600) -> bool:
    """Puts ``data`` at ``path`` unless something is there; returns whether it did. Two at once: one wins, whole."""
    if path.exists():
        return False
    beside = _write_beside(path, _writer(data), mode)
    try:
        # A link fails where a rename would overwrite: a key, once used, must never change.
        path.hardlink_to(beside)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync_directory(path.parent)
    return True
