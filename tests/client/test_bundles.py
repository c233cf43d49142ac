"""Bundles from directories, zips and the web: bounded before anything is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from letterworld import LetterWorld
from undersigned.client import bundles, reading, verifier
from undersigned.client.errors import InputError
from undersigned.client.link import Link
from undersigned.protocol.errors import MalformedError

from .worldserver import WorldServer


def published() -> LetterWorld:
    """A letter of eight people, one withdrawn, published."""
    world = LetterWorld(people=8)
    for person in world.people:
        world.sign(person)
    world.withdraw(world.people[0])
    world.notice()
    world.cut()
    world.strike(world.people[1])
    world.publish()
    return world


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return published().bundle()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """A bundle as a directory."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A bundle as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_directory_and_zip_are_the_same_bundle(tmp_path: Path, files: dict[str, bytes]) -> None:
    for path in (write(tmp_path / "dir", files), zipped(tmp_path / "b.zip", files)):
        with bundles.open_path(path) as found:
            assert dict(found) == files
            assert verifier.verify(found).outcome == "valid"


def test_a_letter_on_the_web_is_the_same_bundle(tmp_path: Path) -> None:
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    link = Link("https", world.manifest.origin, world.letter)
    reading.fetch(server.http(), link, tmp_path)
    with bundles.open_path(tmp_path) as found:
        assert dict(found) == world.bundle()


def test_a_site_that_puts_names_in_place_is_waited_for(tmp_path: Path) -> None:
    """For a moment it shows no checkpoint of its names; then it does, and the bundle is valid."""
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    server.shows = False
    real, asked = server.answer, []

    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url).endswith(reading.AT):
            asked.append(request)
            server.shows = len(asked) > 3
        return real(request)

    server.answer = answer  # type: ignore[method-assign]
    read = reading.fetch(server.http(), Link("https", world.manifest.origin, world.letter), tmp_path)
    assert read.settled
    with bundles.open_path(tmp_path) as found:
        assert verifier.verify(found).outcome == "valid"


def test_cosignatures_of_strangers_stay_out_of_a_bundle(tmp_path: Path) -> None:
    """They are good to have with the log; a bundle carries only what a step checks (docs/adr/0005)."""
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    server.files["log/checkpoint"] += "\u2014 witness.example AAAAAAAAAAAA\n".encode()
    reading.fetch(server.http(), Link("https", world.manifest.origin, world.letter), tmp_path)
    assert (tmp_path / "log/checkpoint").read_bytes() == world.log_files()["log/checkpoint"]


def test_a_link_out_of_a_directory_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = write(tmp_path / "dir", files)
    (folder / "more").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="link"), bundles.open_path(folder):
        pass


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"manifest.json": bytes(50_000_000)})
    with pytest.raises(InputError, match="far more"), bundles.open_path(path):
        pass


def test_a_zip_that_lies_about_a_size_is_found_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "lie.zip", {"a": b"x" * 1000})
    data = path.read_bytes()
    size = (1000).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (900).to_bytes(4, "little")))
    with bundles.open_path(path) as found, pytest.raises(MalformedError):
        found["a"]


@pytest.mark.parametrize("name", ["../manifest.json", "/etc/passwd", "a/../../b", "a\\..\\b"])
def test_a_path_out_of_a_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "b.zip", {name: b"{}"})
    with pytest.raises(InputError, match="leads out"), bundles.open_path(path):
        pass


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    with pytest.raises(InputError, match="two files"), bundles.open_path(path):
        pass


@pytest.mark.parametrize("cut", [10, 100, 400])
def test_a_damaged_zip_is_refused_in_words(tmp_path: Path, files: dict[str, bytes], cut: int) -> None:
    path = zipped(tmp_path / "b.zip", files)
    data = path.read_bytes()
    path.write_bytes(data[:cut] + bytes(50) + data[cut + 50 :])
    try:
        with bundles.open_path(path) as found:
            outcome = verifier.verify(found).outcome
    except InputError:
        return
    assert outcome == "invalid"


def test_what_is_neither_is_said_to_be_neither(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a zip")
    for path in (tmp_path / "x", tmp_path / "missing"):
        with pytest.raises(InputError), bundles.open_path(path):
            pass


def test_several_processes_find_the_same_as_one(files: dict[str, bytes]) -> None:
    alone, together = verifier.verify(files, workers=1), verifier.verify(files, workers=2)
    assert alone.steps == together.steps
    broken = {**files, "roll.json": files["roll.json"][:-1]}
    assert verifier.verify(broken, workers=1).steps == verifier.verify(broken, workers=2).steps


def test_processes_read_what_lies_on_a_disk_themselves(tmp_path: Path, files: dict[str, bytes]) -> None:
    """From a directory and from a zip; and a file that cannot be unpacked there is found out at its step."""
    alone = verifier.verify(files, workers=1)
    write(tmp_path / "bundle", files)
    zipped(tmp_path / "bundle.zip", files)
    for path in (tmp_path / "bundle", tmp_path / "bundle.zip"):
        with bundles.open_path(path) as found:
            assert verifier.verify(found, workers=2).steps == alone.steps
            with pytest.raises(KeyError):
                found.lend("nothing")  # type: ignore[attr-defined]
    packed = (tmp_path / "bundle.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        at = archive.getinfo("openings/1.jsonl").header_offset + 200
    (tmp_path / "bundle.zip").write_bytes(packed[:at] + bytes([packed[at] ^ 255]) + packed[at + 1 :])
    with bundles.open_path(tmp_path / "bundle.zip") as found:
        last = verifier.verify(found, workers=2).steps[-1]
    assert (last.name, last.detail) == ("openings", "openings/1.jsonl cannot be unpacked")


def test_work_is_handed_out_a_window_at_a_time() -> None:
    """However many pieces there are, only a few are in memory."""
    handed = 0
    done = 0

    def items() -> object:
        nonlocal handed
        for number in range(40):
            handed += 1
            assert handed - done <= 2 * 3 + 2
            yield number

    with verifier.runner(2) as run:
        for value in run(abs, items()):  # type: ignore[arg-type]
            assert value == done
            done += 1
    assert done == 40


def test_a_zip_in_memory_reads_as_on_disk(files: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with zipfile.ZipFile(buffer) as archive:
        found = bundles.ZipFiles(archive)
        assert len(found) == len(files)
        assert "manifest.json" in found
