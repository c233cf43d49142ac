"""Paths to bundles: folders, nested folders, zips, and other paths that a user names by mistake."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zips
from undersigned.client import bundle_folder, verifier
from undersigned.client.bundle_folder import FolderFiles
from undersigned.client.bundle_path import open_path
from undersigned.client.bundle_zip import ZipFiles
from undersigned.client.errors import InputError
from undersigned.protocol import zip_profile

from .test_bundles import published

LITTER = (".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini", "._manifest.json", "text/._en.md", "log/.DS_Store")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return published().bundle()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """A bundle as a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """A bundle as the zip that sites serve."""
    with path.open("wb") as file:
        zip_profile.write_zip(files, file)
    return path


def outcome(path: Path) -> str:
    """What a verification of the bundle at ``path`` says; "misuse" if there is nothing to verify."""
    try:
        with open_path(path) as found:
            return verifier.verify(found, workers=1).outcome
    except InputError as error:
        return "misuse" if path.name in str(error) else f"misuse of something else: {error}"


def forged(files: dict[str, bytes]) -> dict[str, bytes]:
    """A bundle with another text."""
    return {**files, "text/en.md": b"Sell the water.\n"}


def test_folder_and_zip_are_the_same_bundle(tmp_path: Path, files: dict[str, bytes]) -> None:
    for path in (write(tmp_path / "dir", files), packed(tmp_path / "b.zip", files)):
        with open_path(path) as found:
            assert dict(found) == files
            assert len(found) == len(files)
            assert "manifest.json" in found
            with pytest.raises(KeyError):
                found["nothing"]
            assert verifier.verify(found).outcome == "valid"


# --- what desktops leave


def test_litter_is_named_and_ignored_beside_a_good_bundle_and_beside_a_forged_one(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    for name, content, expected in (("good", files, "valid"), ("forged", forged(files), "invalid")):
        folder = write(tmp_path / name, {**content, **dict.fromkeys(LITTER, b"Bud1")})
        write(folder, {"__MACOSX/._manifest.json": b"x", "__MACOSX/log/._checkpoint": b"x"})
        with open_path(folder) as found:
            assert isinstance(found, FolderFiles)
            assert found.litter == sorted([*LITTER, "__MACOSX"])
            assert set(found) == set(files)
        assert outcome(folder) == expected


@pytest.mark.parametrize("path", ["readme.txt", "text/notes.md", "DS_Store", "log/._/x", "thumbs"])
def test_any_other_file_too_many_is_still_refused(tmp_path: Path, files: dict[str, bytes], path: str) -> None:
    if path == "log/._/x":
        assert bundle_folder.is_litter("._")
        return
    with open_path(write(tmp_path / "dir", {**files, path: b"x"})) as found:
        last = verifier.verify(found, workers=1).steps[-1]
    assert (last.outcome, last.detail) == ("invalid", f"{path} belongs to no step")


# --- where the bundle is


def test_a_bundle_one_folder_down_is_found(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Next to litter, other files and folders that are no bundles."""
    write(tmp_path / "letter-bundle", files)
    write(tmp_path, {".DS_Store": b"", "notes.txt": b"", "other/manifest.json": b"{}", "__MACOSX/manifest.json": b""})
    with open_path(tmp_path) as found:
        assert isinstance(found, FolderFiles)
        assert found.root == tmp_path / "letter-bundle"
        assert dict(found) == files


def test_of_two_bundles_one_has_to_be_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    write(tmp_path / "a", files)
    write(tmp_path / "b", files)
    with pytest.raises(InputError, match=r"contains 2 bundles: name one of them, such as .*/a"), open_path(tmp_path):
        pass


@pytest.mark.parametrize("there", [(), ("manifest.json",), ("log/checkpoint",), ("a/b/manifest.json", "a/b/log/x")])
def test_a_folder_that_is_no_bundle_says_what_one_looks_like(tmp_path: Path, there: tuple[str, ...]) -> None:
    write(tmp_path, dict.fromkeys(there, b"{}"))
    with (
        pytest.raises(InputError, match=r"not a bundle: a bundle is a folder with manifest\.json"),
        open_path(tmp_path),
    ):
        pass


# --- what is at the path


def test_a_link_in_a_folder_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    for number, to in enumerate(("/etc/hostname", "nowhere", ".")):
        folder = write(tmp_path / str(number), files)
        (folder / "more").symlink_to(to)
        with pytest.raises(InputError, match="is a link"), open_path(folder):
            pass


def test_what_is_no_file_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Reading a pipe would wait forever."""
    folder = write(tmp_path / "pipe", files)
    os.mkfifo(folder / "text" / "de.md")
    assert outcome(folder) == "misuse"
    with socket.socket(socket.AF_UNIX) as listener:
        short = Path(f"/tmp/us-{os.getpid()}.sock")
        listener.bind(str(short))
        try:
            assert outcome(short) == "misuse"
        finally:
            short.unlink()
    os.mkfifo(tmp_path / "fifo")
    assert outcome(tmp_path / "fifo") == "misuse"
    assert outcome(Path("/dev/null")) == "misuse"


def test_a_folder_where_a_file_belongs_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    for path in ("log/checkpoint", "text/en.md"):
        folder = write(tmp_path / path.replace("/", "-"), files)
        (folder / path).unlink()
        (folder / path).mkdir()
        with pytest.raises(InputError, match="a folder where a file belongs"), open_path(folder):
            pass


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = write(tmp_path / "dir", files)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).write_bytes(b"")
    with pytest.raises(InputError, match="not UTF-8"), open_path(folder):
        pass


def test_folders_without_end_are_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    write(tmp_path, {**files, "a/" * 40 + "b": b""})
    with pytest.raises(InputError, match="too deep"), open_path(tmp_path):
        pass


def test_more_than_a_bundle_may_hold_is_refused_before_it_is_read(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = write(tmp_path / "dir", files)
    with (folder / "roll.json").open("wb") as file:
        file.truncate(600_000_000)
    with pytest.raises(InputError, match="more files or bytes than a bundle may"), open_path(folder):
        pass


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


def test_what_may_not_be_read_is_misuse_and_says_so(files: dict[str, bytes]) -> None:
    """A file, a folder in the bundle, the bundle, and a zip: also where another process was to read them."""
    place = Path(f"/tmp/us-{os.getpid()}-unreadable")
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(mode=0o755)
        for name, path in (("file", "text/en.md"), ("tiles", "log/tile"), ("all", ".")):
            (write(place / name, files) / path).chmod(0)
        packed(place / "b.zip", files).chmod(0)
        with as_nobody():
            for name in ("file", "tiles", "all", "b.zip"):
                assert outcome(place / name) == "misuse"
            with open_path(place / "file") as found, pytest.raises(InputError, match=r"en\.md cannot be read: Perm"):
                found.lend("text/en.md")()  # type: ignore[attr-defined]
    finally:
        for folder in (place / "all", place / "tiles/log/tile"):
            folder.chmod(0o755)
        shutil.rmtree(place)


def test_paths_that_cannot_be_are_misuse(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a zip")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "ring").symlink_to("ring")
    for path in ("x", "missing", "broken", "ring", "x/y", "a" * 5000):
        said = r"cannot be read|does not exist|neither a folder nor a zip"
        with pytest.raises(InputError, match=said), open_path(tmp_path / path):
            pass


# --- zips


@pytest.mark.parametrize(("name", "data", "words"), list(zips.hostile()), ids=lambda value: str(value)[:40])
def test_a_hostile_zip_is_misuse_with_what_to_do(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(InputError) as caught, open_path(tmp_path / "b.zip") as found:
        verifier.verify(found, workers=1)
    said = str(caught.value)
    if words == zips.DAMAGED:
        assert "is damaged" in said
        assert said.endswith("Download it again.")
    elif "PK" in data[:2].decode("latin-1") or b"PK\x05\x06" in data:
        assert "is not a bundle that undersigned wrote (" in said
        assert words in said
        assert said.endswith("Unpack it and check the folder.")
    else:
        assert said.endswith("is neither a folder nor a zip")


def test_a_zip_of_something_else_is_no_bundle(tmp_path: Path) -> None:
    for files in ({}, {"manifest.json": b"{}"}, {"log/checkpoint": b""}):
        with pytest.raises(InputError, match="is not a bundle"), open_path(packed(tmp_path / "b.zip", files)):
            pass


def test_damage_anywhere_in_a_zip_is_no_word_on_the_letter(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Not even where the bundle is forged as well, and the run ends before it comes to the damage."""
    for content in (files, forged(files)):
        path = packed(tmp_path / "b.zip", content)
        data = bytearray(path.read_bytes())
        with open_path(path) as found:
            assert isinstance(found, ZipFiles)
            member = found._members["openings/1.jsonl"]
        data[member.start + 200] ^= 255
        path.write_bytes(data)
        for workers in (1, 2):
            with pytest.raises(InputError, match=r"is damaged: openings/1\.jsonl"), open_path(path) as found:
                verifier.verify(found, workers=workers)


def test_processes_read_what_lies_on_a_disk_themselves(tmp_path: Path, files: dict[str, bytes]) -> None:
    alone = verifier.verify(files, workers=1)
    for path in (write(tmp_path / "bundle", files), packed(tmp_path / "bundle.zip", files)):
        with open_path(path) as found:
            assert verifier.verify(found, workers=2).steps == alone.steps
            with pytest.raises(KeyError):
                found.lend("nothing")  # type: ignore[attr-defined]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=3000), st.binary(max_size=300).map(lambda data: b"PK\x03\x04" + data)))
def test_any_file_is_misuse(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    assert outcome(tmp_path / "b.zip") == "misuse"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**9), length=st.integers(1, 60))
def test_a_zip_cut_or_overwritten_anywhere_is_misuse_or_the_same_bundle(
    tmp_path: Path, files: dict[str, bytes], place: int, length: int
) -> None:
    data = packed(tmp_path / "b.zip", files).read_bytes()
    at = place % len(data)
    (tmp_path / "b.zip").write_bytes(data[:at])
    assert outcome(tmp_path / "b.zip") == "misuse"
    (tmp_path / "b.zip").write_bytes(data[:at] + bytes(length) + data[at + length :])
    assert outcome(tmp_path / "b.zip") in ("misuse", "valid")
