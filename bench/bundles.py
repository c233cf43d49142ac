"""Builds valid bundles of any size on all cores, for the verifier's benchmark.

Every process creates the same letter from the same seed (``tests/letterworld.py``) and signs for its share of people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from letterworld import LetterWorld, registrar
from undersigned.protocol import bundle, canonical, entries, opening, seal

Signed = tuple[bytes, bytes]
"""An entry, and the line of openings for it."""

_worlds: dict[int, LetterWorld] = {}


def _world(people: int) -> LetterWorld:
    if people not in _worlds:
        _worlds[people] = LetterWorld(people)
    return _worlds[people]


def _sign(work: tuple[int, int, int]) -> list[Signed]:
    people, first, last = work
    world = _world(people)
    return [_sign_one(world, number) for number in range(first, last)]


def _sign_one(world: LetterWorld, number: int) -> Signed:
    person = world.people[number]
    value = world.make_object(person, world.payload(person))
    assert isinstance(value, seal.Seal)
    world.objects[person.key] = value
    line = canonical.encode(world.make_opening(person.key))
    del world.objects[person.key]
    return entries.encode(world.sign_entry(person, value, 0)), line


def _parts(people: int) -> Iterator[tuple[int, int, int]]:
    for first in range(0, people, 100):
        yield people, first, min(first + 100, people)


def build(people: int, pool: ProcessPoolExecutor) -> tuple[bytes, dict[str, bytes]]:
    """Builds a letter that ``people`` signed and that was cut, opened and published; returns its id and bundle."""
    registrar()
    world = _world(people)
    lines: list[bytes] = []
    for part in pool.map(_sign, _parts(people)):
        for data, line in part:
            # The same code generated it a moment ago: the fold is enough here, the verifier checks the rest.
            world.standing.apply(entries.parse(data))
            world.log.append(data)
            lines.append(line)
    world.notice()
    world.cut()
    made = _publish(world, lines)
    return world.letter, made


def place(people: int, pool: ProcessPoolExecutor, folder: Path) -> bytes:
    """Writes the bundle to a directory; returns the letter id."""
    letter, files = build(people, pool)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return letter


def _publish(world: LetterWorld, lines: list[bytes]) -> dict[str, bytes]:
    rows = [opening.parse_opening(line) for line in lines]
    world.objects = {row.key: row.seal for row in rows}
    by_key = {row.key: row for row in rows}

    class Opened(LetterWorld):
        """The same world after its trustees have opened the names."""

        def make_opening(self, key: str, openers: tuple[int, ...] | None = None) -> opening.Opening:
            return by_key[key]

    world.__class__ = Opened
    world.publish()
    files = world.bundle()
    world.__class__ = LetterWorld
    assert bundle.edition_path(1) in files
    return files


def signed_parts(files: Mapping[str, bytes]) -> tuple[list[entries.Sign], list[opening.Opening]]:
    """Parses a bundle's signatures and openings, for a control that only checks signatures."""
    from undersigned.protocol import checkpoint, note, tiles

    size = checkpoint.parse_text(note.parse(files["log/checkpoint"]).text).size
    found = (entries.parse(data) for data in tiles.read_entries(size, lambda p: files[f"log/{p}"], first=1))
    paths = [bundle.openings_path(*part) for part in bundle.openings_in(files)]
    rows = [opening.parse_opening(line) for path in paths for line in bundle.split_lines(files[path])]
    return [entry for entry in found if isinstance(entry, entries.Sign)], rows


def unsigned(entry: entries.Sign) -> bytes:
    """Returns the bytes that an entry's signature covers, without its tag."""
    return canonical.encode(msgspec.structs.replace(entry, signature=""))
