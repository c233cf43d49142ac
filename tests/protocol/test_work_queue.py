"""What is handed out to be worked on elsewhere: files that are lent, and answers that never come (sections 6 and 7)."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from letterlives import rehearsed
from letterworld import LetterWorld
from undersigned.protocol import edition, opening, pieces
from undersigned.protocol.errors import MalformedError, UndeterminedError
from undersigned.protocol.verdict import CompactVerdict, assemble_edition, compact_verdict, expand_verdict
from undersigned.protocol.verify import verify_bundle

LIVED = rehearsed()
PUBLIC = rehearsed(sealed=False)
TILE = next(path for path in LIVED.last if path.startswith("log/tile/entries/"))


@pytest.mark.parametrize("files", [LIVED.first, LIVED.last, PUBLIC.last])
def test_a_lent_file_is_read_by_whoever_works_on_it(files: dict[str, bytes]) -> None:
    """And the report is the same."""
    read: list[str] = []

    def lend(path: str) -> Callable[[], bytes]:
        data = files[path]

        def lent() -> bytes:
            read.append(path)
            return data

        return lent

    assert verify_bundle(files, lend=lend) == verify_bundle(files)
    assert {path for path in files if path.startswith(("openings/", "log/tile/entries/"))} == set(read)


@pytest.mark.parametrize(("path", "step"), [(TILE, "log"), ("openings/2.jsonl", "openings")])
def test_a_file_that_cannot_be_lent_comes_up_at_its_step(path: str, step: str) -> None:
    """Not where it was handed out."""

    def lend(wanted: str) -> bytes:
        if wanted == path:
            raise MalformedError(f"{path} cannot be unpacked")
        return LIVED.last[wanted]

    last = verify_bundle(LIVED.last, lend=lend).steps[-1]
    assert (last.name, last.outcome, last.detail) == (step, "invalid", f"{path} cannot be unpacked")


def test_records_that_are_no_lines_come_up_at_their_step() -> None:
    bad = PUBLIC.last | {"objects.jsonl": PUBLIC.last["objects.jsonl"][:-1]}
    assert verify_bundle(bad).steps[-1].detail == "the last line does not end"


def test_a_public_letter_without_records_is_found_out_by_whose_is_missing() -> None:
    bad = {**PUBLIC.last, "objects.jsonl": b""}
    assert verify_bundle(bad).steps[-1].detail.endswith("its record is missing")


@functools.cache
def long() -> dict[str, bytes]:
    """A letter whose log fills one entry bundle and begins another."""
    world = LetterWorld(90, check="codes")
    for person in world.people * 3:
        world.sign(person)
    return world.bundle()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"log/tile/entries/001.p/18": None}, "log/tile/entries/001.p/18 is missing"),
        ({"log/tile/0/000": b"", "log/tile/0/001.p/18": b""}, "tile/0/000 does not follow"),
        ({"log/tile/0/001.p/18": None, "log/tile/1/000.p/1": b""}, "log/tile/0/001.p/18 is missing"),
        ({"log/tile/1/000.p/1": b""}, "tile/1/000.p/1 does not follow"),
        # What cannot be split comes before what does not follow, wherever it is.
        ({"log/tile/0/000": b"", "log/tile/entries/001.p/18": b"\x00"}, "ends inside an entry"),
        ({"editions/1/edition.json": b"{}", "log/tile/0/000": b""}, "tile/0/000 does not follow"),
    ],
)
def test_the_first_thing_wrong_with_a_log_is_named(changes: dict[str, bytes | None], words: str) -> None:
    assert verify_bundle(long()).outcome == "valid"
    changed = {path: data for path, data in {**long(), **changes}.items() if data is not None}
    last = verify_bundle(changed).steps[-1]
    assert (last.name, words in last.detail) == ("log", True), last


def test_whoever_works_ahead_finds_the_same_missing() -> None:
    """Processes are handed pieces before the step that looks for them."""
    tile = "log/tile/entries/001.p/18"
    for gone, base in ((tile, long()), ("objects.jsonl", PUBLIC.last)):
        files = {path: data for path, data in base.items() if path != gone}
        ahead = verify_bundle(files, run=lambda work, pieces: map(work, list(pieces)))
        assert ahead == verify_bundle(files)
        assert (ahead.outcome, ahead.steps[-1].detail) == ("undetermined", f"{gone} is missing")


@pytest.mark.parametrize("answered", range(4))
def test_what_is_lost_on_the_way_is_nobodys_fault(answered: int) -> None:
    """A machine short of memory shows nothing false of a letter: the run ends there, undetermined."""

    def run(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        yield from map(work, itertools.islice(items, answered))
        raise UndeterminedError("a worker process died")

    report = verify_bundle(LIVED.last, run=run)
    # The log is one entry bundle, and there are two files of openings.
    assert report.outcome == "undetermined"
    assert report.steps[-1].name == ("log" if answered < 1 else "openings")
    assert report.steps[-1].detail == "a worker process died"


def test_what_cannot_even_begin_is_nobodys_fault() -> None:
    def run(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        raise UndeterminedError("no process can be started")

    report = verify_bundle(LIVED.last, run=run)
    assert [step.outcome for step in report.steps] == ["undetermined"]


def test_work_begun_for_another_checkpoint_is_begun_again() -> None:
    """A bundle on a disk may be another one a moment later: what counts is the checkpoint that was checked."""

    class Changing(dict[str, bytes]):
        asked = 0

        def __getitem__(self, path: str) -> bytes:
            if path == "log/checkpoint":
                self.asked += 1
                return LIVED.first[path] if self.asked == 1 else LIVED.last[path]
            return LIVED.last[path]

    assert verify_bundle(Changing(LIVED.last)) == verify_bundle(LIVED.last)


def test_once_an_entry_is_bad_only_the_tree_is_looked_at() -> None:
    piece = pieces.EntryPiece(LIVED.world.source, LIVED.last[TILE], len(LIVED.world.log), skip=1, wanted=True)
    whole = pieces.entries_in(pieces.check(piece))
    hashed = pieces.entries_in(pieces.check(piece._replace(wanted=False)))
    assert (len(whole.said), len(hashed.said)) == (len(LIVED.world.log) - 1, 0)
    assert hashed.leaves == whole.leaves


@pytest.mark.parametrize("lived", [LIVED, PUBLIC, rehearsed(check="codes")])
def test_what_is_told_in_short_makes_the_same_edition(lived: Any) -> None:
    """Where it makes one; with a name that is void for want of a place it makes none."""
    world = lived.world
    verified = world.leaves is not None
    number = world.standing.cuts
    verdicts = world.verdicts(number)
    compact = {key: compact_verdict(key, opened, verified=verified) for key, opened in verdicts.items()}
    again = {key: expand_verdict(row) for key, row in compact.items()}
    built = edition.build(world.standing, world.id, number, world.root, verdicts, world.leaves)
    assert edition.build(world.standing, world.id, number, world.root, again, world.leaves) == built
    made = assemble_edition(world.standing, world.id, number, world.root, compact, world.leaves)
    assert (made is None) == bool(built.counts.void)
    if made is not None:
        assert made[0] == edition.encode(built)
        assert assemble_edition(world.standing, world.id, number, world.root, {}, world.leaves) is None


def test_a_verdict_without_a_payload_is_told_as_it_is() -> None:
    for opened in (opening.VOID, opening.UNRESOLVED):
        assert compact_verdict("A", opened, verified=True) == CompactVerdict(opened.verdict)
        assert expand_verdict(CompactVerdict(opened.verdict)) == opened
