"""Bundles that lie somewhere: in a directory or a zip, as a read-only mapping.

Nothing in a bundle is trusted, not even that it is a bundle: paths, numbers of files and sizes are bounded before
anything is read.
"""

from __future__ import annotations

import contextlib
import functools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from undersigned.protocol import base64url, bundle, edition
from undersigned.protocol.canonical import MAX_DOCUMENT
from undersigned.protocol.errors import MalformedError

from .errors import InputError

MAX_FILES: Final = 200_000
MAX_TOTAL: Final = 16 * 1024**3
"""Bytes of all files together, unpacked."""
MAX_RATIO: Final = 200
"""How many times its packed size a file of a zip may unpack to; JSON and base64 stay far below."""


class DirectoryFiles(Mapping[str, bytes]):
    """The files below a directory, read when they are asked for. Raises InputError for what is no plain file."""

    def __init__(self, root: Path) -> None:
        self._paths = sorted(self._walk(root))
        self._root = root
        self._known = frozenset(self._paths)

    def _walk(self, root: Path) -> Iterator[str]:
        total = count = 0
        for path in root.rglob("*"):
            if path.is_symlink():
                raise InputError(f"{path} is a link: a bundle holds plain files only")
            if path.is_dir():
                continue
            size = path.stat().st_size
            total, count = total + size, count + 1
            if not path.is_file() or size > MAX_DOCUMENT or total > MAX_TOTAL or count > MAX_FILES:
                raise InputError("the bundle is too large, or holds something that is not a file")
            yield path.relative_to(root).as_posix()

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            raise KeyError(path)
        return (self._root / path).read_bytes()

    def lend(self, path: str) -> Callable[[], bytes]:
        """What reads a file in another process. Raises KeyError if it is not there."""
        if path not in self._known:
            raise KeyError(path)
        return (self._root / path).absolute().read_bytes

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._known


class ZipFiles(Mapping[str, bytes]):
    """The files of a zip, unpacked one at a time and never beyond what its index says, nor beyond the bounds here."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        infos = [info for info in archive.infolist() if not info.is_dir()]
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise InputError("the zip holds two files of one name")
        if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_TOTAL:
            raise InputError("the zip is too large")
        for info in infos:
            path = PurePosixPath(info.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in info.filename or info.flag_bits & 1:
                raise InputError("the zip holds a path that leads out of it, or an encrypted file")
            if info.file_size > MAX_DOCUMENT or info.file_size > MAX_RATIO * info.compress_size + 4096:
                raise InputError("the zip unpacks to far more than it holds")

    def __getitem__(self, path: str) -> bytes:
        info = self._infos[path]
        try:
            with self._archive.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise MalformedError(f"{path} cannot be unpacked") from error
        except Exception as error:  # each compression library has errors of its own
            if type(error).__module__ in ("zlib", "lzma", "bz2", "_lzma"):
                raise MalformedError(f"{path} cannot be unpacked") from error
            raise
        if len(data) != info.file_size:
            raise MalformedError(f"{path} is not as long as the zip's index says")
        return data

    def lend(self, path: str) -> bytes | Callable[[], bytes]:
        """What unpacks a file in another process, or its bytes if the zip is in memory. Raises KeyError."""
        if self._archive.filename is None or path not in self._infos:
            return self[path]
        return functools.partial(_unpack, str(Path(self._archive.filename).absolute()), path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def __contains__(self, path: object) -> bool:
        return path in self._infos


def _unpack(archive: str, path: str) -> bytes:
    return _opened(archive)[path]


@functools.lru_cache(maxsize=1)
def _opened(archive: str) -> ZipFiles:
    """A zip in a process that works on its files: opened once, and held to the same bounds."""
    return ZipFiles(zipfile.ZipFile(archive))


@contextlib.contextmanager
def open_path(path: Path) -> Iterator[Mapping[str, bytes]]:
    """The bundle at ``path``, a directory or zip. Raises InputError if it is neither."""
    if path.is_dir():
        yield DirectoryFiles(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield ZipFiles(archive)
        except zipfile.BadZipFile:
            raise InputError(f"{path} is a damaged zip") from None
    elif path.exists():
        raise InputError(f"{path} is neither a directory nor a zip")
    else:
        raise InputError(f"{path} is not there")


def edition_ids(found: Mapping[str, bytes]) -> dict[int, str]:
    """The ids of the editions in a bundle, by number, as their bytes give them."""
    return {
        number: base64url.encode(edition.edition_id(found[bundle.edition_path(number)]))
        for number in bundle.editions_in(found)
        if bundle.edition_path(number) in found
    }
