"""Storage of the served files in a directory, ``public/`` of the data directory: atomic, durable, compressed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from undersigned.durable import make_directory, put_over, sync_directory, write_beside, write_over
from undersigned.web.ports import Staged, Writer
from undersigned.web.storage.compression import SUFFIX, compress


class FileStorage:
    """The files in a directory. Names that begin with a dot are temporary: being written or deleted, never served.

    A compressible file has a compressed copy (``<name>.gz``), for clients that accept gzip.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, atomically."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        # The old compressed copy is deleted first: between the two writes it would be served with a name that is gone.
        _compressed(target).unlink(missing_ok=True)
        _write(target, data)

    def stage(self, path: str, write: Writer) -> Staged:
        """Writes a file that does not fit in memory to a temporary file. Never compressed."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        return _StagedFile(write_beside(target, write, 0o644), target)

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Replaces a directory by one with these files, atomically. Reads each of them once."""
        try:
            staged = self.stage_tree(path, files)
        except OSError:
            # Disk full: the old directory may name people who have withdrawn. Deleting it also frees space.
            self.delete(path)
            raise
        staged.place()

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """Writes such a directory under a temporary name."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:
            temporary.mkdir(mode=0o755)
            for name, data in files.items():
                _write(temporary / name, data)
        except BaseException:
            # Disk full, or one of the files could not be made.
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return _StagedTree(self, path, temporary)

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in, for one that does not fit in memory; None if there is none."""
        try:
            return (self._root / path).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self._root / path).is_file()

    def delete(self, path: str) -> None:
        """Deletes a file or directory, if it is there. Idempotent."""
        target = self._root / path
        if target.is_dir():
            # One rename takes the whole directory out of service at once; deleting its files takes longer.
            temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
            target.rename(temporary)
            try:
                sync_directory(target.parent)
            finally:
                # Also if the fsync fails: no later call would find the temporary name.
                shutil.rmtree(temporary)
        elif target.exists():
            _compressed(target).unlink(missing_ok=True)
            target.unlink()
            sync_directory(target.parent)

    def clean_up(self) -> int:
        """Removes temporary files of processes that died; returns how many. No other process may be writing."""
        found = [
            path for path in self._root.rglob(".*") if not any(p.startswith(".") for p in _above(path, self._root))
        ]
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            sync_directory(path.parent)
        return len(found)


@dataclass(frozen=True, slots=True)
class _StagedFile:
    temporary: Path
    target: Path

    def place(self) -> None:
        """Renames it over the old file."""
        put_over(self.temporary, self.target)

    def discard(self) -> None:
        """Deletes it."""
        self.temporary.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _StagedTree:
    storage: FileStorage
    path: str
    temporary: Path

    def place(self) -> None:
        """Deletes the old directory and renames the new one."""
        target = self.temporary.with_name(Path(self.path).name)
        try:
            # The old directory is deleted first: a name must be removed rather than out of date. For a moment there is
            # nothing at this path.
            self.storage.delete(self.path)
            self.temporary.rename(target)
        except BaseException:
            shutil.rmtree(self.temporary, ignore_errors=True)
            raise
        sync_directory(target.parent)

    def discard(self) -> None:
        """Deletes it."""
        shutil.rmtree(self.temporary, ignore_errors=True)


def _write(target: Path, data: bytes) -> None:
    """Writes a file, and its compressed copy if that is worth it."""
    # Tiles get no modification time: there is a partial tile for every size the log has had, and together their times
    # would date each batch, or in a public letter each signature. A tile's content never changes, so backup tools that
    # compare times lose nothing.
    write_over(target, data, 0o644, dated="/log/tile/" not in target.as_posix())
    compressed = compress(target.name, data)
    if compressed is not None:
        write_over(_compressed(target), compressed, 0o644)


def _compressed(target: Path) -> Path:
    return target.with_name(target.name + SUFFIX)


def _above(path: Path, root: Path) -> tuple[str, ...]:
    """The names between ``root`` and ``path``."""
    return path.relative_to(root).parts[:-1]
