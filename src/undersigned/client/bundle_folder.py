"""Reads a bundle from a folder, within limits on depth, number and size of files; ignores files that desktops add."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from undersigned.protocol import bundle
from undersigned.protocol.canonical import MAX_DOCUMENT

from .errors import InputError

_LITTER: Final = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx"})
T = TypeVar("T")
_MAX_DEPTH: Final = 16
"""Maximum nesting of folders; the deepest file of a log is nine levels deep."""


def is_litter(name: str) -> bool:
    """Whether desktops or editors create files with this name in folders; no path of a bundle looks like it."""
    return name.lower() in _LITTER or name.startswith(".") or name.endswith("~")


class FolderFiles(Mapping[str, bytes]):
    """The files below a folder as a mapping, read on access.

    ``litter``: ignored desktop files, by path. Raises InputError for anything but plain files, for more than a bundle
    may hold, and for unreadable files.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.litter: list[str] = []
        self._count = self._total = 0
        self._paths = sorted(self._walk(root, ""))
        self.litter.sort()
        self._known = frozenset(self._paths)

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        if prefix.count("/") > _MAX_DEPTH:
            raise InputError(f"{folder} is nested too deeply for a bundle")
        for entry in _entries(folder):
            path = prefix + entry.name
            if is_litter(entry.name):
                self.litter.append(path)
                continue
            status = _with_input_error(entry.path, functools.partial(entry.stat, follow_symlinks=False))
            if stat.S_ISLNK(status.st_mode):
                raise InputError(f"{entry.path} is a link: a bundle has plain files only")
            if stat.S_ISDIR(status.st_mode):
                if bundle.is_path(path):
                    raise InputError(f"{entry.path} is a folder where a file belongs")
                yield from self._walk(Path(entry.path), f"{path}/")
            else:
                self._measure(entry.path, status)
                yield path

    def _measure(self, path: str, status: os.stat_result) -> None:
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"{path} has a name that is not UTF-8") from None
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path} is not a file: a bundle has plain files only")
        self._count += 1
        self._total += status.st_size
        if status.st_size > MAX_DOCUMENT or self._total > bundle.MAX_TOTAL or self._count > bundle.MAX_FILES:
            raise InputError(f"{self.root} has more files or bytes than a bundle may have")

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            raise KeyError(path)
        return _read(self.root / path)

    def lend(self, path: str) -> Callable[[], bytes]:
        """A function that reads a file in a worker process. Raises KeyError if it does not exist."""
        if path not in self._known:
            raise KeyError(path)
        return functools.partial(_read, (self.root / path).absolute())

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._known


def _with_input_error(path: str | Path, act: Callable[[], T]) -> T:
    try:
        return act()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    def listed() -> list[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            return list(entries)

    return _with_input_error(folder, listed)


def _read(path: Path) -> bytes:
    return _with_input_error(path, path.read_bytes)


def find_bundle(folder: Path, holding: str) -> Path:
    """Finds the bundle: ``folder``, or the only folder in it that is a bundle and contains ``holding``.

    Raises InputError, describing a bundle, if there is none or more than one.
    """
    if _is_bundle(folder, holding):
        return folder
    below = [
        Path(entry.path)
        for entry in _entries(folder)
        if not is_litter(entry.name) and entry.is_dir(follow_symlinks=False) and _is_bundle(Path(entry.path), holding)
    ]
    if len(below) > 1:
        raise InputError(f"{folder} contains {len(below)} bundles: name one of them, such as {min(below)}")
    if not below:
        raise InputError(
            f"{folder} is not a bundle: a bundle is a folder with manifest.json, the folders text and {holding}, and "
            "more. "
            "Get one with: undersigned bundle get LINK DIR"
        )
    return below[0]


def _is_bundle(folder: Path, holding: str) -> bool:
    """Whether a folder looks like a bundle, possibly an incomplete one."""
    names = {entry.name for entry in _entries(folder)}
    return {"manifest.json", holding} <= names
