"""Tiles of a log: C2SP tlog-tiles v0.1.0, height 8 (protocol.md section 6).

A tile of level L, number N holds up to 256 hashes of perfect subtrees of 256^L leaves. Entry bundles hold up to 256
entries, each behind its length in two bytes, big endian. A partial tile is named for its width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from . import findings
from .errors import LogError, MalformedError
from .merkle import HASH_LENGTH, leaf_hash, node_hash

WIDTH: Final = 256
MAX_ENTRY: Final = 65535
Reader = Callable[[str], bytes]
"""Reads a file of the log by its path under ``log/``; raises LogError or UndeterminedError if there is none."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's coordinates: ``level`` (-1 for entry bundles), ``number``, ``width`` 1..256."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``: N in groups of three digits, all but the last behind an x."""
        level = "entries" if self.level < 0 else str(self.level)
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        suffix = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{'/'.join(groups)}{suffix}"


def tiles_of_level(level: int, size: int, first: int = 0) -> Iterator[Tile]:
    """Tiles of one level of a log of ``size`` that hold a hash number ``first`` or later."""
    count = size >> (8 * max(level, 0))
    for number in range(first // WIDTH, -(-count // WIDTH)):
        yield Tile(level, number, min(WIDTH, count - number * WIDTH))


def each_tile(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Every tile and entry bundle of a log of ``size`` entries that is new or wider than it was at ``since``."""
    if size > since:
        yield from tiles_of_level(-1, size, since)
    level = 0
    while size >> (8 * level):
        if size >> (8 * level) > since >> (8 * level):
            yield from tiles_of_level(level, size, since >> (8 * level))
        level += 1


def tiles_of(size: int, *, since: int = 0) -> list[Tile]:
    """All of ``each_tile``."""
    return list(each_tile(size, since=since))


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle. Raises ValueError for an entry over 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack_entries(data: bytes, width: int) -> list[bytes]:
    """The ``width`` entries of a bundle. Raises MalformedError unless there are exactly so many and nothing more."""
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 2], "big")
        entry = data[position + 2 : position + 2 + length]
        if position + 2 > len(data) or len(entry) != length:
            raise MalformedError(findings.bundle_torn())
        entries.append(entry)
        position += 2 + length
    if len(entries) != width:
        raise MalformedError(findings.bundle_entries(entries=len(entries), expected=width))
    return entries


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root of a full tile: one hash of the level above. ``hashes``: 256 of them."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def extend(size: int, read: Reader, entries: Sequence[bytes]) -> dict[str, bytes]:
    """The files, by path, that appending ``entries`` to a log of ``size`` writes: entry bundles, then hash tiles.

    ``read`` is asked only for the partial tiles at the right edge of the log of ``size``.
    """
    files: dict[str, bytes] = {}
    new = size + len(entries)
    # Entry bundles first: a tile must never speak of an entry that cannot be read.
    row: list[bytes] = []
    for tile in tiles_of_level(-1, new, size):
        have = _edge(-1, tile.number, size)
        before = unpack_entries(read(have.path), have.width) if have else []
        start = tile.number * WIDTH + len(before) - size
        files[tile.path] = pack_entries([*before, *entries[start : start + tile.width - len(before)]])
    row = [leaf_hash(entry) for entry in entries]
    level = 0
    while row:
        offset = size >> (8 * level)
        above: list[bytes] = []
        for tile in tiles_of_level(level, new, offset):
            have = _edge(level, tile.number, size)
            before = split_hashes(read(have.path), have.width) if have else []
            start = tile.number * WIDTH + len(before) - offset
            hashes = [*before, *row[start : start + tile.width - len(before)]]
            files[tile.path] = b"".join(hashes)
            if tile.width == WIDTH:
                above.append(subtree_root(hashes))
        row = above
        level += 1
    return files


def _edge(level: int, number: int, size: int) -> Tile | None:
    """The partial tile ``number`` of ``level`` in a log of ``size``, if it is the partial one at the right edge."""
    count = size >> (8 * max(level, 0))
    width = count - number * WIDTH
    return Tile(level, number, width) if 0 < width < WIDTH else None


def split_hashes(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises MalformedError unless there are exactly ``width``."""
    if len(data) != width * HASH_LENGTH:
        raise MalformedError(findings.tile_size(length=len(data), hashes=width))
    return [data[i : i + HASH_LENGTH] for i in range(0, len(data), HASH_LENGTH)]


def read_entries(size: int, read: Reader, *, first: int = 0) -> Iterator[bytes]:
    """Entries ``first`` to ``size`` - 1, a bundle at a time."""
    for tile in tiles_of_level(-1, size, first):
        for offset, entry in enumerate(unpack_entries(read(tile.path), tile.width)):
            if tile.number * WIDTH + offset >= first:
                yield entry


def check_tiles(size: int, read: Reader, entries: Iterator[bytes] | Sequence[bytes]) -> None:
    """Raises LogError, naming it, unless every hash tile of the log of ``size`` follows from ``entries``."""
    check_hashes(size, read, [leaf_hash(entry) for entry in entries])


def check_hashes(size: int, read: Reader, row: Sequence[bytes], level: int = 0) -> None:
    """Raises LogError, naming it, unless every tile of ``level`` and above follows from ``row``, all that level has."""
    while row:
        above: list[bytes] = []
        for tile in tiles_of_level(level, size):
            hashes = row[tile.number * WIDTH : tile.number * WIDTH + tile.width]
            check_tile(tile, read, b"".join(hashes))
            if tile.width == WIDTH:
                above.append(subtree_root(hashes))
        row = above
        level += 1


def check_tile(tile: Tile, read: Reader, hashes: bytes) -> None:
    """Raises LogError, naming it, unless ``tile`` holds ``hashes``."""
    if read(tile.path) != hashes:
        raise LogError(findings.tile_differs(path=tile.path))


def root_from_tiles(size: int, read: Reader) -> bytes:
    """The root of a log of ``size`` > 0 from the tiles of its right edge alone: one tile a level."""
    roots: list[tuple[int, bytes]] = []  # (height, hash) of perfect subtrees, largest first
    top = (size.bit_length() - 1) // 8
    for level in range(top, -1, -1):
        count = size >> (8 * level)
        width = count % WIDTH
        if not width:
            continue
        row = split_hashes(read(Tile(level, count // WIDTH, width).path), width)
        # A row of `width` equal subtrees is the sum of powers of two that its binary digits name.
        for bit in range(7, -1, -1):
            if width >> bit & 1:
                part, row = row[: 1 << bit], row[1 << bit :]
                roots.append((8 * level + bit, subtree_root(part)))
    result = roots[-1][1]
    for _, left in reversed(roots[:-1]):
        result = node_hash(left, result)
    return result
