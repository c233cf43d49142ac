"""Files a role keeps, readable by their owner only: new ones, private directories, destruction, and what users name."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from undersigned import durable

from .errors import InputError


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """As ``durable.write_over``, but never over an existing file. Raises InputError if there is one.

    By a look beforehand and not by a link (``durable.write_new``): keys are kept on memory sticks, whose file systems
    have no links, and nobody else writes there.
    """
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} is there already and will not be written over")
    durable.write_over(path, data, mode)


def make_private_directory(path: Path) -> Path:
    """``path`` as a directory for its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


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
        durable.sync_directory(path.parent)
        # From here on nobody takes it for a key: a half of one is of no use, and stands in nobody's way.
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
