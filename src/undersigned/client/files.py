"""Files of a role: private directories, new files, secure deletion; readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from undersigned import durable

from .errors import InputError


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Like ``durable.write_over``, but never overwrites. Raises InputError if the file exists.

    It checks first instead of linking (``durable.write_new``): trustees keep keys on memory sticks, whose file systems
    have no hard links, and no other process writes there.
    """
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} already exists and will not be overwritten")
    durable.write_over(path, data, mode)


def make_private_directory(path: Path) -> Path:
    """Creates ``path`` as a directory with mode 0700."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


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
        durable.sync_directory(path.parent)
        # Rename first: a partly overwritten key is useless, and under its old name it would block a new one.
    size = doomed.stat().st_size
    with doomed.open("r+b") as file:
        for _ in range(2):
            file.seek(0)
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
    doomed.unlink()
    durable.sync_directory(path.parent)


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
