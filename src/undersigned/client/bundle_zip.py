"""Reads a bundle from a zip file, one member at a time (protocol.md section 7.1)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from undersigned.protocol import zip_profile
from undersigned.protocol.errors import MalformedError

from .errors import InputError

_ADVICE = "Unpack it and check the folder."


class ZipFiles(Mapping[str, bytes]):
    """The files of a zip as a mapping. Raises InputError for a zip outside the profile and for a damaged member."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._read = path, _reader_of(path, file)
        try:
            found = zip_profile.read_members(self._read, file.seek(0, 2))
        except MalformedError as error:
            raise InputError(f"{path} is not a bundle that undersigned wrote ({error}). {_ADVICE}") from None
        self._members = {member.path: member for member in found}
        self._checked: set[str] = set()

    def __getitem__(self, path: str) -> bytes:
        member = self._members[path]
        content = _unpacked(self._path, member, self._read(member.start, member.packed))
        self._checked.add(path)
        return content

    def lend(self, path: str) -> Callable[[], bytes]:
        """A function that unpacks a file in a worker process. Raises KeyError if it does not exist."""
        return functools.partial(_unpack, self._path.absolute(), self._members[path])

    def check_whole(self) -> None:
        """Unpacks every member that was not unpacked before. Raises InputError if one is damaged."""
        for path in self._members:
            if path not in self._checked:
                self[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, path: object) -> bool:
        return path in self._members


def _reader_of(path: Path, file: BinaryIO) -> zip_profile.Reader:
    read = zip_profile.reader_of(file)

    def tried(offset: int, length: int) -> bytes:
        try:
            return read(offset, length)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None

    return tried


def _unpacked(path: Path, member: zip_profile.Member, data: bytes) -> bytes:
    try:
        return zip_profile.unpack(member, data)
    except MalformedError as error:
        raise InputError(f"{path} is damaged: {error}. Download it again.") from None


def _unpack(path: Path, member: zip_profile.Member) -> bytes:
    return _unpacked(path, member, _opened(path)(member.start, member.packed))


@functools.lru_cache(maxsize=1)
def _opened(path: Path) -> zip_profile.Reader:
    """The zip in a worker process, opened once per process."""
    return _reader_of(path, path.open("rb"))
