"""Tiles: the log as files, growing without ever changing a full one (section 6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersigned.protocol import merkle, tiles
from undersigned.protocol.errors import LogError, MalformedError


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % i for i in range(size)]


def grow(*steps: int) -> dict[str, bytes]:
    """A log made in these steps, every file it ever had."""
    files: dict[str, bytes] = {}
    done = 0
    for step in steps:
        files.update(tiles.extend(done, files.__getitem__, entries(done + step)[done:]))
        done += step
    return files


def test_paths_are_those_of_c2sp() -> None:
    """The examples of c2sp.org/tlog-tiles."""
    assert tiles.Tile(0, 1_234_067, 256).path == "tile/0/x001/x234/067"
    assert tiles.Tile(0, 1_234_067, 8).path == "tile/0/x001/x234/067.p/8"
    assert tiles.Tile(-1, 0, 256).path == "tile/entries/000"
    assert [tile.path for tile in tiles.tiles_of(70_000) if tile.level > 0] == [
        *(f"tile/1/{n:03d}" for n in range(1)),
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_a_log_is_the_same_in_whatever_steps_it_grew(steps: list[int]) -> None:
    """Files, root and entries depend on the size alone, and each step writes what ``tiles_of(since)`` announces."""
    size = sum(steps)
    stepwise, at_once = grow(*steps), grow(size)
    for tile in tiles.tiles_of(size):
        assert stepwise[tile.path] == at_once[tile.path]
    root = merkle.root(map(merkle.leaf_hash, entries(size)))
    assert tiles.root_from_tiles(size, stepwise.__getitem__) == root
    assert list(tiles.read_entries(size, stepwise.__getitem__)) == entries(size)
    tiles.check_tiles(size, stepwise.__getitem__, entries(size))
    last = size - steps[-1]
    new = tiles.extend(last, stepwise.__getitem__, entries(size)[last:])
    assert set(new) == {tile.path for tile in tiles.tiles_of(size, since=last)}


def test_three_levels() -> None:
    """Above 65,536 entries a third level begins; its root is still that of the tree."""
    size = 65_536 + 300
    files = grow(65_530, 10, 296)
    assert tiles.root_from_tiles(size, files.__getitem__) == merkle.root(map(merkle.leaf_hash, entries(size)))
    assert tiles.root_from_tiles(65_536, grow(65_536).__getitem__) == merkle.root(
        map(merkle.leaf_hash, entries(65_536))
    )


def test_nothing_new_is_no_file() -> None:
    """Extending by no entries changes nothing."""
    files = grow(5)
    assert files | tiles.extend(5, files.__getitem__, []) == files
    assert tiles.tiles_of(5, since=5) == []
    assert tiles.tiles_of(0) == []


def test_reading_from_the_middle() -> None:
    """Entries from any index on."""
    files = grow(600)
    assert list(tiles.read_entries(600, files.__getitem__, first=300)) == entries(600)[300:]
    assert list(tiles.read_entries(600, files.__getitem__, first=600)) == []


def test_a_tile_that_does_not_follow_is_named() -> None:
    """At any level."""
    files = grow(600)
    for tile in tiles.tiles_of(600):
        if tile.level >= 0:
            wrong = {**files, tile.path: bytes(len(files[tile.path]))}
            with pytest.raises(LogError, match=tile.path):
                tiles.check_tiles(600, wrong.__getitem__, entries(600))


def test_bundles_are_exact() -> None:
    """So many entries and not a byte more; an entry over 65,535 bytes fits none."""
    packed = tiles.pack_entries([b"", b"ab"])
    assert tiles.unpack_entries(packed, 2) == [b"", b"ab"]
    for data, width in ((packed, 1), (packed, 3), (packed[:-1], 2), (packed + b"\0", 2), (packed + b"\0\1", 3)):
        with pytest.raises(MalformedError):
            tiles.unpack_entries(data, width)
    with pytest.raises(MalformedError):
        tiles.split_hashes(bytes(33), 1)
    assert tiles.pack_entries([bytes(65_535)])
    with pytest.raises(ValueError):
        tiles.pack_entries([bytes(65_536)])
