"""A mirror holds what was served, tile by tile, at every size on the way."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from letterworld import LetterWorld, serve_log
from undersigned.client import log_extension
from undersigned.client.errors import InputError
from undersigned.client.mirror import Mirror
from undersigned.protocol.errors import LogError, ProtocolError

from .worldserver import WorldServer

SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 700)


def long_log(world: LetterWorld, size: int) -> list[bytes]:
    """A log of ``size`` entries; only the first need mean anything to a mirror."""
    return [world.source, *(b"entry %d" % number for number in range(1, size))]


def test_at_every_size_the_mirror_is_what_was_served(tmp_path: Path) -> None:
    world = LetterWorld(people=1)
    server = WorldServer(world)
    for size in SIZES:
        server.log = long_log(world, size)
        mirror = Mirror(tmp_path, server.letter)
        mirror.keep(mirror.fetch(server.http()))
        assert list(Mirror(tmp_path, server.letter).entries()) == server.log
        served = serve_log(world, server.log, ())
        held = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "log").rglob("*") if path.is_file()}
        assert held == set(served)
        assert all((tmp_path / path).read_bytes() == data for path, data in served.items() if path != "log/checkpoint")


def test_much_that_is_new_waits_on_the_disk_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a size limit, fetched data is stored in an unnamed file; the mirror is the same, over three levels."""
    rolled, real = [], tempfile.TemporaryFile

    def noted(*given: Any, **how: Any) -> Any:
        rolled.append(how["dir"])
        return real(*given, **how)

    monkeypatch.setattr(log_extension, "IN_MEMORY", 1000)
    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    world = LetterWorld(people=1)
    server = WorldServer(world)
    for size in (65_700, 66_100):
        log = long_log(world, size)
        served = serve_log(world, log, ())
        monkeypatch.setattr(server, "_files", lambda served=served: served)
        mirror = Mirror(tmp_path, server.letter)
        new = mirror.fetch(server.http())
        assert rolled.pop() == str(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]
        assert list(new.made.entries()) == log[new.made.start :]
        mirror.keep(new)
        held = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert held == set(served)
        assert all((tmp_path / path).read_bytes() == data for path, data in served.items() if path != "log/checkpoint")


def test_only_what_is_new_is_fetched(tmp_path: Path) -> None:
    world = LetterWorld(people=1)
    server = WorldServer(world)
    server.log = long_log(world, 600)
    mirror = Mirror(tmp_path, server.letter)
    mirror.keep(mirror.fetch(server.http()))
    server.gets.clear()
    server.log = long_log(world, 601)
    new = mirror.fetch(server.http())
    assert (new.made.start, new.number, list(new.made.entries())) == (600, 1, server.log[600:])
    assert server.gets == ["log/checkpoint", "log/tile/entries/002.p/89"]


def test_a_first_entry_that_is_another_letter_is_refused(tmp_path: Path) -> None:
    world = LetterWorld(people=1)
    server = WorldServer(world)
    server.log = [b"something else", *long_log(world, 5)[1:]]
    with pytest.raises(LogError, match="manifest"):
        Mirror(tmp_path, server.letter).fetch(server.http())


def test_a_checkpoint_by_another_log_is_refused(tmp_path: Path) -> None:
    world, other = LetterWorld(people=1), LetterWorld(people=1, seed=9)
    server = WorldServer(world)
    server.files["log/checkpoint"] = serve_log(other, other.log, ())["log/checkpoint"]
    with pytest.raises(ProtocolError):
        Mirror(tmp_path, server.letter).fetch(server.http())


def test_a_bundle_of_entries_changed_on_the_way_is_refused(tmp_path: Path) -> None:
    world = LetterWorld(people=1)
    server = WorldServer(world)
    server.log = long_log(world, 10)
    path = "log/tile/entries/000.p/10"
    server.files[path] = serve_log(world, server.log, ())[path].replace(b"entry 7", b"entry 8")
    with pytest.raises(LogError):
        Mirror(tmp_path, server.letter).fetch(server.http())
    assert Mirror(tmp_path, server.letter).size == 0


def test_a_mirror_with_a_file_missing_says_so(tmp_path: Path) -> None:
    world = LetterWorld(people=1)
    server = WorldServer(world)
    mirror = Mirror(tmp_path, server.letter)
    mirror.keep(mirror.fetch(server.http()))
    for file in (tmp_path / "log" / "tile" / "entries").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(InputError, match="damaged"):
        list(mirror.entries())
