"""Atomic file writes and secure deletion; the files are readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import InputError


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Writes ``data`` to ``path`` atomically, replacing an existing file.

    ``durable``: with fsync, so that the new file survives a power cut; leave it out only for data that can be
    downloaded again.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        # The data is durable under a temporary name: from here on, the path has either the old or the new content.
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Like ``write_atomic``, but never overwrites. Raises InputError if the file exists."""
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} already exists and will not be overwritten")
    write_atomic(path, data, mode=mode)


def make_private_directory(path: Path) -> Path:
    """Creates ``path`` as a directory with mode 0700."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def make_directory(path: Path) -> None:
    """Creates ``path`` and missing parents durably, with mode 0700."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the entries of directory ``path`` durable (fsync)."""
    directory: int | None = getattr(os, "O_DIRECTORY", None)
    if directory is None:
        return  # Windows cannot open a directory, and NTFS journals names without it
    descriptor = os.open(path, os.O_RDONLY | directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def deletion_path(path: Path) -> Path:
    """The name of ``path`` during its deletion, so that a partly overwritten file is not taken for a whole one."""
    return path.with_name(f"{path.name}.destroying")


def destroy(path: Path) -> None:
    """Overwrites ``path`` with random bytes, then removes it; both are durable when this returns.

    If it is interrupted, the next call completes it. The file system may keep older copies of the blocks (snapshots,
    flash storage): the how-to says so.
    """
    doomed = deletion_path(path)
    if path.exists():
        path.replace(doomed)
        sync_directory(path.parent)
        # Rename first: a partly overwritten key is useless, and under its old name it would block a new one.
    size = doomed.stat().st_size
    with doomed.open("r+b") as file:
        for _ in range(2):
            file.seek(0)
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
    doomed.unlink()
    sync_directory(path.parent)


def read_input(path: Path, *, limit: int, what: str) -> bytes:
    """Reads a file named by the user. Raises InputError, with ``what`` it is, if it is unreadable or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: {what}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise InputError(f"{path} is larger than {limit} bytes: {what}")
    return data
