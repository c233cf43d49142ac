"""Fenced storage: refuses a clerk's writes to the served files once another clerk holds the lease."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.db import connection

from undersigned.web.database.postgresql import fence
from undersigned.web.ports import Staged, Storage, Writer


class FencedStorage:
    """A Storage that checks before each write that this process is still the clerk. Raises DeposedError.

    A write can still slip in between check and write. All it can do is to bring back an older checkpoint, count or
    page, each of which was true once; the new clerk's next round replaces it.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, atomically."""
        with fenced():
            self._storage.put(path, data)

    def stage(self, path: str, write: Writer) -> Staged:
        """Writes a file that does not fit in memory. The check comes when it is put in place."""
        return _FencedStaged(self._storage.stage(path, write))

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Replaces a directory by one with these files, atomically."""
        with fenced():
            self._storage.put_tree(path, files)

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """Writes such a directory without putting it in place."""
        with fenced():
            return _FencedStaged(self._storage.stage_tree(path, files))

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        return self._storage.get(path)

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in, or None if there is none."""
        return self._storage.open(path)

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._storage.has(path)

    def delete(self, path: str) -> None:
        """Deletes a file or directory, if it is there."""
        with fenced():
            self._storage.delete(path)

    def clean_up(self) -> int:
        """Removes temporary files of processes that died; returns how many."""
        check_lease()
        return self._storage.clean_up()


@dataclass(frozen=True, slots=True)
class _FencedStaged:
    staged: Staged

    def place(self) -> None:
        """Puts it in place."""
        with fenced():
            self.staged.place()

    def discard(self) -> None:
        """Deletes it."""
        self.staged.discard()


@contextmanager
def fenced() -> Iterator[None]:
    """Checks before a write, and again if a file vanished during it: a new clerk removes others' temporary files."""
    check_lease()
    try:
        yield
    except FileNotFoundError:
        check_lease()
        raise


def check_lease() -> None:
    """Raises DeposedError unless this process is the clerk."""
    with connection.cursor() as cursor:
        cursor.execute(fence.QUESTION)
        fence.check_term(cursor.fetchone())
