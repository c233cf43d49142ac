"""Durable, atomic file writes: whole or not at all, whatever fails, and without leftover temporary files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from undersigned import durable

Write = Callable[[Path, bytes], object]
WAYS: dict[str, Write] = {
    "over": durable.write_over,
    "new": durable.write_new,
    "beside": lambda path, data: durable.put_over(durable.write_beside(path, lambda file: file.write(data)), path),
}


STEPS = [
    (way, step) for way in WAYS for step in ("open", "write", "fsync", "hardlink_to" if way == "new" else "replace")
]


@pytest.mark.parametrize(("way", "step"), STEPS)
def test_a_failure_at_any_step_leaves_what_was_there(
    way: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at any call: the old file, or none, and no other name in the folder."""
    path, old = tmp_path / "state", b"" if way == "new" else b"before"
    if old:
        path.write_bytes(old)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "no space left")

    if way == "beside" and step == "write":
        monkeypatch.setitem(WAYS, way, lambda p, _: durable.write_beside(p, fail))
    monkeypatch.setattr(Path if step in ("replace", "hardlink_to") else os, step, fail)
    with pytest.raises(OSError, match="no space left"):
        WAYS[way](path, b"after")
    monkeypatch.undo()
    assert (path.read_bytes() if path.exists() else b"") == old
    assert len(list(tmp_path.iterdir())) == bool(old)


@pytest.mark.parametrize("way", WAYS)
def test_bytes_are_synced_before_the_name_and_the_name_after(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fsync of the file, rename or link, fsync of the directory: in this order."""
    calls: list[str] = []

    def noting(real: Callable[..., object], name_of: Callable[[object], str]) -> Callable[..., object]:
        def call(*args: object) -> object:
            calls.append(name_of(args[0]))
            return real(*args)

        return call

    monkeypatch.setattr(
        os, "fsync", noting(os.fsync, lambda fd: "directory" if Path(f"/proc/self/fd/{fd}").is_dir() else "file")
    )
    for name in ("replace", "hardlink_to"):
        monkeypatch.setattr(Path, name, noting(getattr(Path, name), lambda _: "name"))
    WAYS[way](tmp_path / "state", b"data")
    assert calls == ["file", "name", "directory"]


def test_what_can_be_fetched_again_is_not_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not durable, but whole: it still comes by a rename."""

    def fail(_: int) -> None:
        raise AssertionError("synced")

    monkeypatch.setattr(os, "fsync", fail)
    durable.write_over(tmp_path / "state", b"data", durable=False)
    assert (tmp_path / "state").read_bytes() == b"data"


def test_of_two_who_write_something_new_one_wins(tmp_path: Path) -> None:
    """A key, once there, does not change: many at once, one answer, and its bytes."""
    path, won = tmp_path / "key", []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        if durable.write_new(path, bytes([number]) * 64):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes()] == [bytes([number]) * 64 for number in won]
    assert not durable.write_new(path, b"later")
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_modes_are_those_asked_for(tmp_path: Path) -> None:
    """Private unless said otherwise; ``create_file`` gives its mode whatever the umask."""
    before = os.umask(0o077)
    try:
        durable.write_over(tmp_path / "private", b"")
        durable.create_file(tmp_path / "public", b"data", 0o644)
        durable.make_directory(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"private": 0o600, "public": 0o644, "a": 0o700, "b": 0o700}


def test_a_file_that_tells_no_time_says_1970(tmp_path: Path) -> None:
    """Tiles do not say when they were written."""
    durable.write_over(tmp_path / "tile", b"data", dated=False)
    assert (tmp_path / "tile").stat().st_mtime == 0
