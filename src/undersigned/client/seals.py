"""The seals a trustee mirrors, so that names can be opened even if the server loses them (protocol.md section 7).

One file a key. A seal is kept only if it is the object the log names; it goes when its key withdraws.
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
    """The folder of seals at ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = files.make_private_directory(directory)

    @property
    def _new(self) -> Path:
        return self.directory / ".new"

    def _path(self, key: str) -> Path:
        # 256 folders or so keep listings short. Keys are checked base64url: no path can be made of one.
        return self.directory / key[:2] / key

    def put(self, value: Seal) -> None:
        """Keeps a seal, in place of an older one of its key. Not synced: it can be fetched again."""
        path = self._path(value.key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # One name for whatever is being written: what a killed tool leaves is written over by the next seal.
        with open(self._new, "wb", opener=_private) as file:
            file.write(canonical.encode(value))
        self._new.replace(path)

    def get(self, key: str, object_hash: str) -> Seal | None:
        """The seal of ``key`` if it is the one the log names, else None."""
        try:
            # An edition has as many files as names; plainly read, one takes a third of the time.
            with open(f"{self.directory}/{key[:2]}/{key}", "rb", buffering=0) as file:  # noqa: PTH123
                value = seal.parse_named(file.read(), object_hash)
        except FileNotFoundError:
            return None
        return value if isinstance(value, Seal) else None

    def has(self, key: str) -> bool:
        """Whether there is a file for ``key``."""
        return self._path(key).exists()

    def drop(self, keys: Iterable[str]) -> int:
        """Removes the seals of ``keys``; how many there were."""
        self._new.unlink(missing_ok=True)
        dropped = 0
        for key in keys:
            path = self._path(key)
            if path.exists():
                path.unlink()
                dropped += 1
        return dropped

    def clear(self) -> None:
        """Removes every seal."""
        for path in [self._new, *self.directory.glob("*/*")]:
            path.unlink(missing_ok=True)
