"""A trustee's local store of seals, so that names can be opened even if the server loses them (protocol.md section 7).

One file per key. A seal is stored only if the log names its hash, and is deleted when its key withdraws.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from undersigned.protocol import canonical, seal
from undersigned.protocol.seal import Seal

from . import files


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Seals:
    """The store of seals in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = files.make_private_directory(directory)

    @property
    def _new(self) -> Path:
        return self.directory / ".new"

    def _path(self, key: str) -> Path:
        # At most 256 folders or so, to keep listings short. Keys are valid base64url, so they are safe in a path.
        return self.directory / key[:2] / key

    def put(self, value: Seal) -> None:
        """Stores a seal, replacing an older one of its key. Without fsync: it can be downloaded again."""
        path = self._path(value.key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # One temporary name for all writes: the next seal overwrites what a killed process left.
        with open(self._new, "wb", opener=_private) as file:
            file.write(canonical.encode(value))
        self._new.replace(path)

    def get(self, key: str, object_hash: str) -> Seal | None:
        """The seal of ``key`` if its hash is the one in the log, else None."""
        try:
            # Plain open() instead of files.read_input: three times as fast, and an edition has one file per name.
            with open(f"{self.directory}/{key[:2]}/{key}", "rb", buffering=0) as file:  # noqa: PTH123
                value = seal.parse_named(file.read(), object_hash)
        except FileNotFoundError:
            return None
        return value if isinstance(value, Seal) else None

    def has(self, key: str) -> bool:
        """Whether there is a file for ``key``."""
        return self._path(key).exists()

    def drop(self, keys: Iterable[str]) -> int:
        """Deletes the seals of ``keys``; returns how many there were."""
        self._new.unlink(missing_ok=True)
        dropped = 0
        for key in keys:
            path = self._path(key)
            if path.exists():
                path.unlink()
                dropped += 1
        return dropped

    def clear(self) -> None:
        """Deletes all seals."""
        for path in [self._new, *self.directory.glob("*/*")]:
            path.unlink(missing_ok=True)
