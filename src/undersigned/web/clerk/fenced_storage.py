"""The clerk's hand on the served files, which lets go when another clerk has taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.db import connection

from undersigned.web.database.postgresql import fence
from undersigned.web.ports import Staged, Storage, Writer


class FencedStorage:
    """A Storage whose writes ask first whether this process is still the clerk. Raises DeposedError.

    Between the question and the write there is a moment that no question closes; what could be written in it is an
    older checkpoint, count or page, all of them true once, and the new clerk's next round puts its own in place.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, whole or not at all."""
        with fenced():
            self._storage.put(path, data)

    def stage(self, path: str, write: Writer) -> Staged:
        """A file that does not fit in memory. Whether this process is still the clerk is asked when it is placed."""
        return _FencedStaged(self._storage.stage(path, write))

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Makes a directory with these files appear at once, in place of whatever was there."""
        with fenced():
            self._storage.put_tree(path, files)

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """The same directory, not at its place yet."""
        with fenced():
            return _FencedStaged(self._storage.stage_tree(path, files))

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        return self._storage.get(path)

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in; None if there is none."""
        return self._storage.open(path)

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._storage.has(path)

    def delete(self, path: str) -> None:
        """Removes a file or directory, if it is there."""
        with fenced():
            self._storage.delete(path)

    def tidy(self) -> int:
        """Removes what was half written, or half removed, when a process died; returns how much."""
        check()
        return self._storage.tidy()


@dataclass(frozen=True, slots=True)
class _FencedStaged:
    staged: Staged

    def place(self) -> None:
        """Puts it there, in place of what was."""
        with fenced():
            self.staged.place()

    def discard(self) -> None:
        """Throws it away."""
        self.staged.discard()


@contextmanager
def fenced() -> Iterator[None]:
    """Asks before, and again if a file was gone in the middle: a new clerk clears away what others left unfinished."""
    check()
    try:
        yield
    except FileNotFoundError:
        check()
        raise


def check() -> None:
    """Raises DeposedError unless this process is the clerk."""
    with connection.cursor() as cursor:
        cursor.execute(fence.QUESTION)
        fence.check(cursor.fetchone())
