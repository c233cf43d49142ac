"""Served files in the data directory's ``public/``."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from .durable import make_directory, sync_directory, write_over


class FileStorage:
    """A directory. Names beginning with a full stop are being written, or on their way out; nobody is served them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, whole or not at all."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        write_over(target, data, 0o644)

    def put_tree(self, path: str, files: dict[str, bytes]) -> None:
        """Makes a directory with these files appear at once, in place of whatever was there."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        beside.mkdir(mode=0o755)
        for name, data in files.items():
            write_over(beside / name, data, 0o644)
        # What names people must be gone rather than late: for a moment there is nothing at this path.
        self.delete(path)
        beside.rename(target)
        sync_directory(target.parent)

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def delete(self, path: str) -> None:
        """Removes a file or directory, if it is there."""
        target = self._root / path
        if target.is_dir():
            # Out of sight by one rename, then away.
            gone = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
            target.rename(gone)
            sync_directory(target.parent)
            shutil.rmtree(gone)
        elif target.exists():
            target.unlink()
            sync_directory(target.parent)
