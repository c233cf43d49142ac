"""Searches a full copy of the server's disk for signatories' names, as an attacker who seized it would.

Every file is searched as it is, compressed files also after decompression, and databases also value by value, because
their pages may split a value. The positive control: one name is planted in a second copy, and the same search must find
it. Otherwise finding nothing would prove nothing.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from undersigned.client.errors import ClientError

from .needles import all_needles, needles
from .search import Finder

_CHUNK: Final = 16 * 1024 * 1024
_TRIES: Final = 5
_SQLITE: Final = b"SQLite format 3\x00"
Progress = Callable[[int, int], None]


class LeakError(ClientError):
    """The search failed, or its positive control did."""


@dataclass(slots=True)
class SearchResult:
    """The result. ``hits``: location and the name's number; ``size``: bytes searched, database values included."""

    files: int = 0
    size: int = 0
    databases: int = 0
    needles: int = 0
    hits: list[tuple[str, int]] = field(default_factory=list)


def copy_disk(source: Path, target: Path) -> None:
    """Copies a server's data directory while it runs. Raises LeakError if files keep changing."""
    for _ in range(_TRIES):
        shutil.rmtree(target, ignore_errors=True)
        with contextlib.suppress(shutil.Error, FileNotFoundError):  # a file that was replaced while it was copied
            shutil.copytree(source, target, symlinks=True)
            return
    raise LeakError(f"{source} could not be copied while the server runs")


def search(copy: Path, names: Sequence[str], progress: Progress | None = None) -> SearchResult:
    """Searches everything under ``copy`` for every name in every encoding."""
    everything = all_needles(names)
    finder = Finder(everything)
    found = SearchResult(needles=len(everything))
    paths = sorted(path for path in copy.rglob("*") if path.is_file() and not path.is_symlink())
    for number, path in enumerate(paths, start=1):
        found.files += 1
        where = path.relative_to(copy).as_posix()
        _search_name(finder, where, found)
        _search(finder, found, _contents(path, where))
        if progress:
            progress(number, len(paths))
    # Databases last: opening one for reading changes its files (closing it removes the write-ahead log).
    for path in paths:
        if path.exists() and _is_database(path):
            found.databases += 1
            _search(finder, found, _database(path, path.relative_to(copy).as_posix()))
    return found


def _search(finder: Finder, found: SearchResult, pieces: Iterator[tuple[str, bytes]]) -> None:
    for label, data in pieces:
        found.size += len(data)
        found.hits += [(label, name) for _, name in finder.find(data)]


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == _SQLITE


def _search_name(finder: Finder, where: str, found: SearchResult) -> None:
    """File names can contain names too."""
    found.hits += [(f"the path {where}", name) for _, name in finder.find(where.encode("utf-8", "surrogateescape"))]


def _contents(path: Path, where: str) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        head = file.read(16)
    for chunk in _chunks(path):
        yield where, chunk
    if head.startswith(b"\x1f\x8b"):
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield f"{where}, unpacked", gzip.decompress(path.read_bytes())
    elif head.startswith(b"PK\x03\x04"):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"{where}, {name}", archive.read(name)


def _chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes in overlapping pieces, so that no needle is split between two."""
    overlap = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield overlap + piece
            overlap = piece[-4096:]


def _database(path: Path, where: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, the write-ahead log included. Raises LeakError if it cannot be read."""
    try:
        connection = sqlite3.connect(path)
        connection.text_factory = bytes
        with contextlib.closing(connection):
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                yield from _values(connection, table.decode(), where)
    except sqlite3.Error as error:
        raise LeakError(f"{where} could not be read as a database: {error}") from error


def _values(connection: sqlite3.Connection, table: str, where: str) -> Iterator[tuple[str, bytes]]:
    buffer = io.BytesIO()
    quoted = table.replace('"', '""')
    for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - a name out of this very database
        for value in row:
            buffer.write(value if isinstance(value, bytes) else str(value).encode())
            buffer.write(b"\n")
        if buffer.tell() > _CHUNK:
            yield f"{where}, table {table}", buffer.getvalue()
            buffer = io.BytesIO()
    yield f"{where}, table {table}", buffer.getvalue()


def plant(copy: Path, name: str, seed: int) -> str:
    """Writes ``name``, in one of its encodings, into the middle of one of the copy's files; returns the file's path."""
    source = random.Random(seed)  # noqa: S311 - where to hide, not a key
    paths = sorted(p for p in copy.rglob("*") if p.is_file() and p.stat().st_size > 64 and ".sqlite3" not in p.name)
    path = source.choice(paths)
    data, needle = path.read_bytes(), source.choice(sorted(needles(name)))
    path.write_bytes(data[: len(data) // 2] + needle + data[len(data) // 2 :])
    return path.relative_to(copy).as_posix()


def control(copy: Path, names: Sequence[str], seed: int) -> None:
    """The positive control: plants one name in ``copy``, and raises LeakError unless the search finds it."""
    number = random.Random(seed).randrange(len(names))  # noqa: S311
    where = plant(copy, names[number], seed)
    # Two names may share the needle: any hit at the planted place counts.
    if not any(label.startswith(where) for label, _ in search(copy, names).hits):
        raise LeakError("the control failed: a name was planted in a copy of the disk, and the search did not find it")
