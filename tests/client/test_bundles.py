"""Bundles of letters on the web, and the work on them spread over processes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from letterworld import LetterWorld
from undersigned.client import live_snapshot, process_pool, verifier
from undersigned.client.bundle_path import open_path
from undersigned.client.link import Link

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


def test_a_letter_on_the_web_is_the_same_bundle(tmp_path: Path) -> None:
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    link = Link("https", world.manifest.origin, world.letter)
    live_snapshot.fetch(server.http(), link, tmp_path)
    with open_path(tmp_path) as found:
        assert dict(found) == world.bundle()


def test_a_site_that_puts_names_in_place_is_waited_for(tmp_path: Path) -> None:
    """For a moment it shows no checkpoint of its names; then it does, and the bundle is valid."""
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    server.shows = False
    real, asked_at = server.answer, list[httpx.Request]()

    def answer(asked: httpx.Request) -> httpx.Response:
        if str(asked.url).endswith(live_snapshot.NAMES_CHECKPOINT):
            asked_at.append(asked)
            server.shows = len(asked_at) > 3
        return real(asked)

    server.answer = answer  # type: ignore[method-assign]
    read = live_snapshot.fetch(server.http(), Link("https", world.manifest.origin, world.letter), tmp_path)
    assert read.settled
    with open_path(tmp_path) as found:
        assert verifier.verify(found).outcome == "valid"


def test_cosignatures_of_strangers_stay_out_of_a_bundle(tmp_path: Path) -> None:
    """They are good to have with the log; a bundle carries only what a step checks (docs/adr/0005)."""
    world = published()
    server = WorldServer(world)
    server.files.update(world.log_files())
    server.files["log/checkpoint"] += "\u2014 witness.example AAAAAAAAAAAA\n".encode()
    live_snapshot.fetch(server.http(), Link("https", world.manifest.origin, world.letter), tmp_path)
    assert (tmp_path / "log/checkpoint").read_bytes() == world.log_files()["log/checkpoint"]


def test_several_processes_find_the_same_as_one(files: dict[str, bytes]) -> None:
    alone, together = verifier.verify(files, workers=1), verifier.verify(files, workers=2)
    assert alone.steps == together.steps
    broken = {**files, "roll.json": files["roll.json"][:-1]}
    assert verifier.verify(broken, workers=1).steps == verifier.verify(broken, workers=2).steps


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

    with process_pool.parallel_map(2) as run:
        for value in run(abs, items()):  # type: ignore[arg-type]
            assert value == done
            done += 1
    assert done == 40
