"""Served files in the data directory's ``public/``."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from undersigned.durable import make_directory, put_over, sync_directory, write_beside, write_over
from undersigned.web.ports import Staged, Writer
from undersigned.web.storage.compression import SUFFIX, pack


class FileStorage:
    """A directory. Names beginning with a full stop are being written, or on their way out; nobody is served them.

    What is worth it lies compressed beside itself (``<name>.gz``), for readers who take that.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, whole or not at all."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        # Between the two writes there is no compressed file, never one of other bytes: an old one might hold a name.
        _beside(target).unlink(missing_ok=True)
        _write(target, data)

    def stage(self, path: str, write: Writer) -> Staged:
        """A file that does not fit in memory, on disk beside its place. Never compressed."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        return _StagedFile(write_beside(target, write, 0o644), target)

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Makes a directory with these files appear at once, in place of whatever was there. Each is asked for once."""
        try:
            staged = self.stage_tree(path, files)
        except OSError:
            # No room: what was there may name people who have to be gone. It goes, and makes room for the next attempt.
            self.delete(path)
            raise
        staged.place()

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """The same directory, beside its place."""
        target = self._root / path
        make_directory(target.parent, 0o755)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:
            beside.mkdir(mode=0o755)
            for name, data in files.items():
                _write(beside / name, data)
        except BaseException:
            # No room, or one of the files could not be made.
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return _StagedTree(self, path, beside)

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
        """Removes a file or directory, if it is there."""
        target = self._root / path
        if target.is_dir():
            # Out of sight by one rename, then away.
            gone = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
            target.rename(gone)
            try:
                sync_directory(target.parent)
            finally:
                # Nobody would look for it again: it goes even if the disk did not say that it is out of sight.
                shutil.rmtree(gone)
        elif target.exists():
            _beside(target).unlink(missing_ok=True)
            target.unlink()
            sync_directory(target.parent)

    def tidy(self) -> int:
        """Removes what was half written, or half removed, when a process died; returns how much. Nobody may write."""
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
    beside: Path
    target: Path

    def place(self) -> None:
        """Puts it there, in place of what was."""
        put_over(self.beside, self.target)

    def discard(self) -> None:
        """Throws it away."""
        self.beside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _StagedTree:
    storage: FileStorage
    path: str
    beside: Path

    def place(self) -> None:
        """Puts it there, in place of what was."""
        target = self.beside.with_name(Path(self.path).name)
        try:
            # What names people must be gone rather than late: for a moment there is nothing at this path.
            self.storage.delete(self.path)
            self.beside.rename(target)
        except BaseException:
            shutil.rmtree(self.beside, ignore_errors=True)
            raise
        sync_directory(target.parent)

    def discard(self) -> None:
        """Throws it away."""
        shutil.rmtree(self.beside, ignore_errors=True)


def _write(target: Path, data: bytes) -> None:
    """A file, and beside it the same compressed if that is worth it."""
    # There is a tile for each size a log had. Together their times would date each batch, or in a public letter each
    # signature. What a tile's path holds never changes, so copying tools that go by times lose nothing.
    write_over(target, data, 0o644, dated="/log/tile/" not in target.as_posix())
    packed = pack(target.name, data)
    if packed is not None:
        write_over(_beside(target), packed, 0o644)


def _beside(target: Path) -> Path:
    return target.with_name(target.name + SUFFIX)


def _above(path: Path, root: Path) -> tuple[str, ...]:
    """The names between ``root`` and ``path``."""
    return path.relative_to(root).parts[:-1]
