"""Openings in parts: an edition of more names than one file holds, cut as it must be and otherwise (section 7)."""

from __future__ import annotations

import functools

import pytest

from letterworld import LetterWorld
from undersigned.protocol import base64url, bundle, opening
from undersigned.protocol.verify import verify_bundle

Files = dict[str, bytes]
PEOPLE = bundle.OPENINGS_IN_PART + 6
FIRST, SECOND = "openings/1.jsonl", "openings/1.2.jsonl"


@functools.cache
def published() -> tuple[bytes, Files]:
    """A letter whose edition fills one part and begins another."""
    world = LetterWorld(PEOPLE, trustees=2, threshold=2, check="codes")
    for person in world.people:
        world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    return world.letter, world.bundle()


def verdict(files: Files) -> tuple[str, str, str]:
    """Outcome, the step that decided it, and its sentence."""
    report = verify_bundle(files, letter=published()[0])
    step = next((s for s in report.steps if s.outcome == report.outcome), report.steps[-1])
    return report.outcome, step.name, step.detail


def test_the_parts_of_an_edition_hold_all_its_openings_in_order() -> None:
    """Full ones, and the rest; by the bytes of the key across both."""
    files = published()[1]
    parts = [bundle.split_lines(files[path]) for path in (FIRST, SECOND)]
    assert [len(lines) for lines in parts] == [bundle.OPENINGS_IN_PART, 6]
    keys = [base64url.decode(opening.parse_opening(line).key) for lines in parts for line in lines]
    assert keys == sorted(set(keys))
    assert verdict(files)[0] == "valid"


def test_how_many_parts_there_are() -> None:
    """One if there is nothing to open; a full one has no empty one after it."""
    width = bundle.OPENINGS_IN_PART
    assert [bundle.parts_of(n) for n in (0, 1, width, width + 1, 2 * width, 1_000_000)] == [1, 1, 1, 2, 2, 977]


def split(files: Files, at: int) -> Files:
    """The same lines, the first ``at`` of them in the first part."""
    rows = bundle.split_lines(files[FIRST] + files[SECOND])
    return files | {FIRST: joined(rows[:at]), SECOND: joined(rows[at:])}


def joined(rows: list[bytes]) -> bytes:
    return b"".join(row + b"\n" for row in rows)


def without(files: Files, path: str) -> Files:
    return {name: data for name, data in files.items() if name != path}


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ("a part left out", "openings/1.2.jsonl is missing"),
        ("a hole", "openings/1.2.jsonl is missing"),
        ("a hole behind the last", "openings/1.4.jsonl is there without the part before it"),
        ("a hole at the beginning", "openings/1.jsonl is missing"),
        ("too many in one", "openings/1.2.jsonl is missing"),
        ("one more", "openings/1.jsonl holds 1025 openings"),
        ("one less", "openings/1.jsonl holds 1023 openings"),
        ("an empty one at the end", "openings/1.2.jsonl holds 6 openings"),
        ("an empty one after a full one", "openings/1.2.jsonl holds 0 openings"),
        ("exchanged", "openings/1.jsonl holds 6 openings"),
        ("a line twice, in two parts", "openings/1.2.jsonl is not sorted by key"),
        ("a second name for a part", "openings/1.02.jsonl belongs to no step"),
        ("a part of another edition", "openings/2.2.jsonl is there without the part before it"),
    ],
)
def test_openings_cut_otherwise_are_refused(done: str, words: str) -> None:
    """One edition has one set of files: a second way to write them would be unchecked bytes."""
    files = published()[1]
    first, second = files[FIRST], files[SECOND]
    changed = {
        "a part left out": lambda: without(files, SECOND),
        "a hole": lambda: without(files, SECOND) | {"openings/1.3.jsonl": second},
        "a hole behind the last": lambda: files | {"openings/1.4.jsonl": second},
        "a hole at the beginning": lambda: without(files, FIRST),
        "too many in one": lambda: without(files, SECOND) | {FIRST: first + second},
        "one more": lambda: split(files, 1025),
        "one less": lambda: split(files, 1023),
        "an empty one at the end": lambda: files | {"openings/1.3.jsonl": b""},
        "an empty one after a full one": lambda: files | {SECOND: b""},
        "exchanged": lambda: files | {FIRST: second, SECOND: first},
        "a line twice, in two parts": lambda: files | {SECOND: bundle.split_lines(first)[-1] + b"\n" + second},
        "a second name for a part": lambda: files | {"openings/1.02.jsonl": second},
        "a part of another edition": lambda: files | {"openings/2.2.jsonl": b""},
    }[done]()
    outcome, step, said = verdict(changed)
    assert (outcome, words in said) == ("undetermined" if said.endswith("is missing") else "invalid", True), said
    assert step == ("files" if "02.jsonl" in words else "openings")
