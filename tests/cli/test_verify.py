"""``undersigned verify``: 0 valid, 1 invalid, 2 misuse, 3 could not tell, with the step and the offending entry."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zips
from letterworld import LetterWorld
from undersigned.cli import app, exits
from undersigned.protocol import base64url, bundle, canonical, zip_profile

from .conftest import typed

Files = dict[str, bytes]


def published() -> LetterWorld:
    """Eight people, one withdrawn, one struck, published."""
    world = LetterWorld(people=8)
    for number, person in enumerate(world.people):
        world.sign(person, "anonymous" if number == 5 else "name")
    world.withdraw(world.people[0])
    world.notice()
    world.cut()
    world.strike(world.people[1])
    world.publish()
    return world


@pytest.fixture(scope="module")
def world() -> LetterWorld:
    return published()


def written(folder: Path, files: Files) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_a_true_bundle_is_valid_and_says_what_it_shows(tmp_path: Path, world: LetterWorld) -> None:
    said = typed("verify", written(tmp_path, world.bundle()), "--letter", world.id)
    assert said.code == 0
    assert "8 signed, 1 withdrew, 7 stand behind the letter" in said.err
    assert "VALID" in said.err
    assert said.out == ""


def test_json_is_for_scripts_and_stdout_holds_nothing_else(tmp_path: Path, world: LetterWorld) -> None:
    said = typed("verify", written(tmp_path, world.bundle()), "--json")
    report = json.loads(said.out)
    assert (report["outcome"], report["standing"], report["letter"]) == ("valid", 7, world.id)
    assert [step["number"] for step in report["steps"]] == list(range(1, 12))
    assert said.out.isascii()
    assert said.err == ""


def edition(files: Files, change: Callable[[dict[str, object]], None]) -> Files:
    path = bundle.edition_path(1)
    value = canonical.decode(files[path])
    change(value)
    return {**files, path: canonical.encode(value)}


def drop(value: dict[str, object]) -> None:
    value["roll"] = value["roll"][1:]  # type: ignore[index]


def rename(value: dict[str, object]) -> None:
    value["roll"][0]["name"] = "Somebody Else"  # type: ignore[index]


def reorder(value: dict[str, object]) -> None:
    value["roll"] = value["roll"][::-1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [(drop, "editions", "was dropped"), (rename, "editions", "was altered"), (reorder, "editions", "not sorted")],
)
def test_a_signatory_dropped_renamed_or_moved_is_named(
    tmp_path: Path, world: LetterWorld, change: Callable[[dict[str, object]], None], step: str, words: str
) -> None:
    said = typed("verify", written(tmp_path, edition(world.bundle(), change)), "--json")
    report = json.loads(said.out)
    assert said.code == 1
    last = report["steps"][-1]
    assert (last["name"], last["outcome"]) == (step, "invalid")
    assert words in last["detail"]


def test_a_withdrawn_name_put_back_is_found(tmp_path: Path, world: LetterWorld) -> None:
    key = world.people[0].key

    def put_back(value: dict[str, object]) -> None:
        row = {"as": "name", "group": "reserve", "key": key, "name": "Back Again", "title": "", "verified": True}
        value["roll"] = sorted([*value["roll"], row], key=lambda r: base64url.decode(r["key"]))  # type: ignore[misc]

    said = typed("verify", written(tmp_path, edition(world.bundle(), put_back)))
    assert said.code == 1
    assert f"key {key} was added" in said.err


@pytest.mark.parametrize("path", ["manifest.json", "text/en.md", "roll.json", "log/checkpoint", "openings/1.jsonl"])
def test_one_byte_changed_in_a_file_is_found(tmp_path: Path, world: LetterWorld, path: str) -> None:
    files = world.bundle()
    data = bytearray(files[path])
    data[len(data) // 2] ^= 1
    assert typed("verify", written(tmp_path, {**files, path: bytes(data)})).code == 1


def test_another_letter_than_expected_is_invalid(tmp_path: Path, world: LetterWorld) -> None:
    said = typed("verify", written(tmp_path, world.bundle()), "--letter", base64url.encode(bytes(32)))
    assert said.code == 1
    assert "another letter" in said.err


def test_too_few_trustees_is_could_not_tell(tmp_path: Path, world: LetterWorld) -> None:
    said = typed("verify", written(tmp_path, world.bundle(cosigners=(1,))))
    assert said.code == 3
    assert "COULD NOT TELL" in said.err


def test_a_stray_file_of_a_desktop_is_named_and_ignored(tmp_path: Path, world: LetterWorld) -> None:
    said = typed("verify", written(tmp_path, {**world.bundle(), ".DS_Store": b"Bud1", "text/Thumbs.db": b""}))
    assert said.code == 0
    assert "Ignored files that desktops create: .DS_Store, text/Thumbs.db" in said.err
    report = json.loads(typed("verify", tmp_path, "--json").out)
    assert (report["outcome"], report["ignored"]) == ("valid", [".DS_Store", "text/Thumbs.db"])
    many = {**world.bundle(), **{f"text/._{number}": b"" for number in range(9)}, "text/en.md": b"Another.\n"}
    said = typed("verify", written(tmp_path, many))
    assert said.code == 1
    assert "and 6 more" in said.err


def test_a_bundle_one_folder_down_is_found_and_that_is_said(tmp_path: Path, world: LetterWorld) -> None:
    written(tmp_path / "letter-bundle", world.bundle())
    said = typed("verify", tmp_path)
    assert said.code == 0
    assert f"The bundle is in {tmp_path / 'letter-bundle'}" in said.err.replace("\n", "")


@pytest.mark.parametrize("forge", [False, True])
def test_a_zip_is_valid_as_we_make_it_and_misuse_otherwise(tmp_path: Path, world: LetterWorld, forge: bool) -> None:
    """Packed again with a folder on top, as Finder and Explorer do."""
    files = {**world.bundle(), **({"text/en.md": b"Another.\n"} if forge else {})}
    with (tmp_path / "b.zip").open("wb") as file:
        zip_profile.write_zip(files, file)
    assert typed("verify", tmp_path / "b.zip").code == int(forge)
    shutil.make_archive(str(tmp_path / "again"), "zip", written(tmp_path / "down" / "letter", files).parent)
    said = typed("verify", tmp_path / "again.zip")
    assert said.code == 2
    assert "not a bundle that undersigned wrote" in said.err
    assert "Unpack it and check the folder." in said.err


def test_a_missing_file_is_could_not_tell_and_named(tmp_path: Path, world: LetterWorld) -> None:
    """A download that was broken off contradicts nothing."""
    for path in ("text/en.md", "roll.json", "log/checkpoint", "openings/1.jsonl"):
        files = {name: data for name, data in world.bundle().items() if name != path}
        said = typed("verify", written(tmp_path / path.replace("/", "-"), files))
        assert said.code == 3
        assert f"{path} is missing" in said.err
    (tmp_path / "roll.json" / "manifest.json").unlink()
    assert typed("verify", tmp_path / "roll.json").code == 2


def test_misuse_is_neither_valid_nor_invalid(tmp_path: Path, world: LetterWorld) -> None:
    (tmp_path / "x").write_text("not a bundle")
    assert typed("verify", tmp_path / "missing").code == 2
    assert typed("verify", tmp_path / "x").code == 2
    assert typed("verify", "http://letters.example.org/x/").code == 2
    assert typed("verify", tmp_path, "--letter", "short").code == 2


def test_odd_things_on_a_disk_are_misuse_with_one_sentence_and_no_traceback(tmp_path: Path, world: LetterWorld) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(90))
    (tmp_path / "odd.zip").write_bytes(zips.zipped([zips.Part(b"\xff\x1b[31m\x00", b"")]))
    linked = written(tmp_path / "linked", world.bundle())
    (linked / "text" / "de.md").symlink_to("en.md")
    strange = written(tmp_path / "strange", world.bundle())
    (strange / os.fsdecode(b"\xff")).write_bytes(b"")
    for path in ("pipe", "broken", "cut.zip", "odd.zip", "linked", "strange", "a" * 3000, "pipe/x"):
        said = typed("verify", tmp_path / path)
        assert (said.code, said.out) == (2, ""), path
        assert said.err.startswith("\u2717 "), path
        assert "Traceback" not in said.err
        assert "\x1b" not in said.err


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600) | st.binary(max_size=600).map(lambda data: b"PK\x03\x04" + data))
def test_any_bytes_as_a_bundle_are_misuse(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    assert app.run(["verify", str(tmp_path / "b.zip")]) == exits.MISUSE


def test_a_site_that_does_not_answer_is_could_not_tell() -> None:
    """Port 9 on this machine: nothing listens there."""
    assert typed("verify", "http://127.0.0.1:9/x/").code == 3


def test_names_cannot_move_the_cursor(tmp_path: Path, world: LetterWorld) -> None:
    """A file name, like anything else that is printed, is cleaned first."""
    files = {**world.bundle(), "\x1b[31mred\u202e.txt": b""}
    said = typed("verify", written(tmp_path, files))
    assert said.code == 1
    assert "belongs to no step" in said.err
    assert "\x1b" not in said.err
    assert "\u202e" not in said.err
