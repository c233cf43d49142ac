"""A stolen copy of the database, read byte by byte: where each person's marks are, and what else their rows reveal.

SQLite's file is taken apart into its b-trees, so that a mark in a table, in one of its indices, on an overflow page and
in free space are told apart. Of PostgreSQL each relation is a file, and each row says which transaction wrote it.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

from .arrival import CHANCE, rho

Marks = Mapping[str, Sequence[bytes]]
"""Of each kind (code, entry, address): one mark a person, in the order in which they came."""


class _Everywhere(dict[int, str]):
    """Every page is of one structure."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __missing__(self, page: int) -> str:
        return self._name


@dataclass(frozen=True)
class Measure:
    """One number a person, and where it was found."""

    where: str
    values: list[float]


def measures(marks: Marks) -> list[Measure]:
    """Everything a copy says of at least three quarters of the people."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        files = {name: (path.read_bytes(), 8192) for name, path in _relations()}
        owner: Mapping[int, str] = _Everywhere("pages")
        areas = [(name, data, size, owner) for name, (data, size) in files.items()]
    else:
        areas = list(_sqlite())
    found = []
    for area, data, size, owner in areas:
        for kind, texts in marks.items():
            found += list(_places(area, data, size, owner, kind, texts))
    for kind, texts in marks.items():
        found += list(_told_by_rows(kind, texts))
    return found


def orders(marks: Marks) -> dict[str, float]:
    """What follows the order of arrival, and how closely."""
    found = {one.where: rho(one.values, _arrivals(one)) for one in measures(marks)}
    return {where: value for where, value in found.items() if abs(value) > CHANCE}


def _arrivals(one: Measure) -> list[float]:
    return list(map(float, range(len(one.values))))


def joins(marks: Marks, left: str, right: str) -> dict[str, int]:
    """How many people's marks of two kinds are joined by a number that only those two have in common (xmin)."""
    told = defaultdict(list)
    for one in measures(marks):
        kind, _, what = one.where.partition(" in ")
        if what.endswith(" xmin"):
            told[kind].append((what, one.values))
    found = {}
    for name, mine in told[left]:
        for other, theirs in told[right]:
            single = [v for v in mine if mine.count(v) == 1 and theirs.count(v) == 1]
            linked = sum(1 for a, b in zip(mine, theirs, strict=False) if a == b and a in single)
            found[f"{name} = {other}"] = linked
    return found


def _places(
    area: str, data: bytes, size: int, owner: Mapping[int, str], kind: str, texts: Sequence[bytes]
) -> Iterator[Measure]:
    """Where a kind's marks are in a file: the newest and the oldest place of each person's, in each structure."""
    places: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    # One pass for all of them. A mark is 43 letters of base64url.
    known = {text: number for number, text in enumerate(texts)}
    if not known:
        return
    for match in re.finditer(b"|".join(map(re.escape, known)), data):
        places[owner[match.start() // size]][known[match[0]]].append(match.start())
    for name, of in places.items():
        if len(of) < 0.75 * len(texts):
            continue
        people = sorted(of)
        for which, pick in (("first", min), ("last", max)):
            at = [pick(of[person]) for person in people]
            where = f"{kind} in {area} {name}, {which}"
            yield Measure(f"{where} offset", _spread(people, [float(x) for x in at], len(texts)))
            # Both fill a page from its end: what came later is in front.
            aged = [x // size * size + size - x % size for x in at]
            yield Measure(f"{where} age", _spread(people, [float(x) for x in aged], len(texts)))
            yield Measure(f"{where} age within its page", _within(people, at, size, len(texts)))


def _spread(people: list[int], values: list[float], number: int) -> list[float]:
    """A value for each of ``number``; those of whom nothing was found get the middle."""
    middle = sorted(values)[len(values) // 2]
    found = dict(zip(people, values, strict=True))
    return [found.get(person, middle) for person in range(number)]


def _within(people: list[int], at: list[int], size: int, number: int) -> list[float]:
    """How late each stands among those on the same page, from its middle; where pages hold few, nothing is told."""
    pages = defaultdict(list)
    for person, place in zip(people, at, strict=True):
        pages[place // size].append((place, person))
    found = [0.0] * number
    for members in pages.values():
        for rank, (_, person) in enumerate(sorted(members, reverse=True)):
            found[person] = rank - (len(members) - 1) / 2
    return found


def _told_by_rows(kind: str, texts: Sequence[bytes]) -> Iterator[Measure]:
    """What SQL says of rows: their hidden number, or their transaction and their place."""
    postgresql = connection.vendor == "postgresql"
    hidden = ["xmin::text::bigint", "(ctid::text::point)[0]*10000+(ctid::text::point)[1]"] if postgresql else ["rowid"]
    names = ["xmin", "ctid"] if postgresql else ["rowid"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            try:
                cursor.execute(f'SELECT {", ".join(hidden)}, t.* FROM "{table}" t')
            except OperationalError:
                # WITHOUT ROWID: then SQL gives no order.
                continue
            of: dict[int, Any] = {}
            for row in cursor.fetchall():
                said = b"\x00".join(_bytes(value) for value in row[len(hidden) :])
                for number, text in enumerate(texts):
                    if text in said:
                        of.setdefault(number, row[: len(hidden)])
            if len(of) < 0.75 * len(texts) or not texts:
                continue
            people = sorted(of)
            for place, name in enumerate(names):
                values = [float(of[person][place]) for person in people]
                yield Measure(f"{kind} in {table} {name}", _spread(people, values, len(texts)))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else bytes(value) if isinstance(value, memoryview) else str(value).encode()


def _relations() -> Iterator[tuple[str, Path]]:
    root = Path(os.environ["UNDERSIGNED_TEST_DATABASE_FILES"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_relation_filepath(c.oid) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'i', 't') AND n.nspname IN ('public', 'pg_toast')"
        )
        for name, path in cursor.fetchall():
            if path and (root / path).is_file():
                yield name, root / path


def _sqlite() -> Iterator[tuple[str, bytes, int, Mapping[int, str]]]:
    """Database and write-ahead log. The log is one structure as a whole: frames are in the order of writing."""
    path = Path(connection.settings_dict["NAME"])
    data = path.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0")
        roots = cursor.fetchall()
    owner: dict[int, str] = defaultdict(lambda: "free pages")
    for name, root in [("sqlite_master", 1), *roots]:
        _claim(data, size, root, name, owner)
    yield "file", data, size, owner
    log = path.with_name(path.name + "-wal")
    if log.exists():
        yield "wal", log.read_bytes(), 1 << 40, _Everywhere("frames")


def _claim(data: bytes, size: int, page: int, name: str, owner: dict[int, str]) -> None:
    """Notes whose every page of a b-tree is, overflow pages included. ``owner``: by page, from 0."""
    if page - 1 in owner or not 0 < page <= len(data) // size:
        return
    owner[page - 1] = name
    start = (page - 1) * size
    head = start + (100 if page == 1 else 0)
    kind = data[head]
    if kind not in (2, 5, 10, 13):
        return
    cells = int.from_bytes(data[head + 3 : head + 5], "big")
    first = head + (12 if kind in (2, 5) else 8)
    if kind in (2, 5):
        _claim(data, size, int.from_bytes(data[head + 8 : head + 12], "big"), name, owner)
    for number in range(cells):
        at = start + int.from_bytes(data[first + 2 * number : first + 2 * number + 2], "big")
        if kind in (2, 5):
            _claim(data, size, int.from_bytes(data[at : at + 4], "big"), name, owner)
            at += 4
        if kind == 5:
            continue
        length, at = _varint(data, at)
        if kind == 13:
            _, at = _varint(data, at)
        most = size - 35 if kind == 13 else (size - 12) * 64 // 255 - 23
        if length > most:
            least = (size - 12) * 32 // 255 - 23
            local = least + (length - least) % (size - 4)
            local = local if local <= most else least
            following = int.from_bytes(data[at + local : at + local + 4], "big")
            while following and following - 1 not in owner:
                owner[following - 1] = f"{name} overflow"
                following = int.from_bytes(data[(following - 1) * size : (following - 1) * size + 4], "big")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at + count + 1
    raise AssertionError
