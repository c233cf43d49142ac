"""Files a role keeps: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import InputError


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Puts ``data`` at ``path``, replacing what was there, in one step.

    ``durable``: also true after a power cut; leave it out only for what can be fetched again.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        # The bytes are on disk under another name; from here on either the old or the new file is there.
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(path.parent)


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """As ``write_atomic``, but never over an existing file. Raises InputError if there is one."""
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} is there already and will not be written over")
    write_atomic(path, data, mode=mode)


def make_private_directory(path: Path) -> Path:
    """``path`` as a directory for its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def make_directory(path: Path) -> None:
    """``path``, and those above it that are missing, for their owner only and durably."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the names in ``path`` survive a power cut."""
    directory: int | None = getattr(os, "O_DIRECTORY", None)
    if directory is None:
        return  # Windows: a directory cannot be opened, and its file system journals the names by itself
    descriptor = os.open(path, os.O_RDONLY | directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def destroying(path: Path) -> Path:
    """Where ``path`` lies while it is destroyed: what is half overwritten is not taken for what it was."""
    return path.with_name(f"{path.name}.destroying")


def destroy(path: Path) -> None:
    """Overwrites ``path`` with random bytes, then removes it; both durable before this returns.

    Interrupted, it is gone through with by the next call. A file system may keep older copies of its blocks (snapshots,
    flash): that is said in the how-to.
    """
    doomed = destroying(path)
    if path.exists():
        path.replace(doomed)
        sync_directory(path.parent)
        # From here on nobody takes it for a key: a half of one is of no use, and stands in nobody's way.
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
    """A file named by the user. Raises InputError, saying ``what`` it is, if it cannot be read or is too large."""
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
