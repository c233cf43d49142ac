"""One system call goes wrong while a letter is cut, or opened and published (R2, R3, R12).

Each trial is an edition of its own: one more signs, and then the i-th call of the cut's or the publication's way that
changes anything in the data directory kills the process, or answers EIO or ENOSPC. The caller asks again until it is
done. An edition is there with its openings or not at all, at every moment, and in the end everything is true.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from undersigned.protocol import manifest
from undersigned.web.serve import web_command
from web import people
from web.people import Answer, Letter, Signer
from web.server import Server, free_port, until

from . import gate
from .saboteur import FAULTS, Saboteur, below
from .tally import Row, Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="PostgreSQL writes in processes of its own"),
    pytest.mark.skipif(gate.usable() != "", reason=gate.usable()),
]
STEP = int(os.environ.get("EDITION_STEP", "12"))
"""Each so-manieth call; where it begins differs from fault to fault. 1: every call (make durability-every)."""
FIRST, LAST = (int(word) for word in os.environ.get("EDITION_CALLS", "1-900").split("-"))
"""Between which calls. A cut has some 220 to 400, a publication 250 to 650, by what the clerk does meanwhile."""
PHASES = {"cut": "answers before it commits", "published": "an edition's files written in place"}
"""What is sabotaged, and the control's missing safeguard."""
MISSES = 3
"""So many trials in a row that find no such call end them."""
BLOCK = 20
"""Editions of one letter on a site of its own: more would only make it slower."""


@dataclass
class Editions:
    """A letter that is cut, opened and published again and again."""

    server: Server
    letter: Letter
    saboteur: Saboteur
    crew: set[int]
    number: int = 0
    partial: list[int] = field(default_factory=list)

    def next(self, phase: str, fault: str, when: int) -> bool:
        """One more edition, with a fault in ``phase``. Returns whether the fault happened."""
        person = self.give_notice()
        hit = False
        for part in PHASES:
            if part == phase:
                self.saboteur.arm(fault, when)
            if part == "cut":
                self.cut()
            else:
                self.open(person.key)
                self.finish()
            if part == phase:
                self.saboteur.at_rest()
                hit = self.saboteur.disarm()
        self.mend()
        return hit

    def start(self) -> None:
        """Starts the site; ``crew``: its processes."""
        self.server.start()
        assert self.server.process is not None
        self.crew = below(self.server.process.pid)

    def mend(self) -> None:
        """Restarts the site if one of its processes has died: it ends then, and meanwhile takes what it may lose."""
        process = self.server.process
        assert process is not None
        if self.crew <= below(process.pid):
            return
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.server.kill()
        self.start()

    def give_notice(self) -> Signer:
        """One more has signed, and the next edition is announced; returns who that is."""
        self.number += 1
        person = self.letter.people[self.number]
        self.insist(lambda: people.sign(self.letter, person))
        self.settle(self.noticed)
        self.settle(self.counted)
        return person

    def noticed(self) -> bool:
        """Whether the notice is in the log; gives it if not, with the time that it is now."""
        if len(self.letter.status()["editions"]) < self.number:
            people.notice(self.letter, self.number, manifest.format_time(datetime.now(UTC)))
            return False
        return True

    def counted(self) -> bool:
        """Whether all that was promised is in the log, and its count is served."""
        status = self.letter.status()
        return bool(status["pending"] == 0 and self.letter.get("count.json").json["size"] == status["size"])

    def cut(self) -> None:
        """Until the cut is in the log."""
        self.insist(lambda: people.cut(self.letter, self.number))
        self.settle(lambda: self.letter.status()["editions"][self.number - 1]["cut"] is not None)

    def open(self, key: str) -> None:
        """Two of three trustees open the one who is new, and cosign."""
        wanted = {key} if self.number > 1 else {person.key for person in self.letter.people[:2]}
        for trustee in (1, 2):
            self.insist(lambda t=trustee: people.open_names(self.letter, t, int(time.time()), wanted, self.number))  # type: ignore[misc]
        # Every entry that was promised is counted, so that what is cosigned covers them.
        self.settle(self.counted)
        for trustee in (1, 2):
            self.insist(lambda t=trustee: people.cosign(self.letter, t, int(time.time())))  # type: ignore[misc]

    def finish(self) -> None:
        """The organiser publishes; until it is served."""
        self.insist(lambda: self.letter.post("publish", {"edition": self.number}, **self.letter.auth))
        self.settle(lambda: self.letter.get(f"editions/{self.number}/edition.json").status == 200)

    def insist(self, act: Callable[[], Answer]) -> None:
        """Asks again until it is taken; starts the site again if it has ended."""

        def done() -> bool:
            return act().status in (200, 201, 204)

        self.settle(done)

    def settle(self, done: Callable[[], bool]) -> None:
        """Waits until ``done``, whatever happens to the site meanwhile."""

        def over() -> bool:
            self.look()
            assert self.server.process is not None
            if self.server.process.poll() is not None:
                self.start()
            try:
                return done()
            except (OSError, KeyError, AssertionError):
                return False

        until(over, seconds=60)

    def look(self) -> None:
        """Whether this edition is on the disk without its openings, or its openings without it."""
        try:
            there = set(os.listdir(self.folder(self.number)))  # noqa: PTH208 - one look
        except FileNotFoundError:
            return
        if len(there & {"edition.json", "openings.jsonl"}) == 1:
            self.partial.append(self.number)

    def folder(self, number: int) -> Path:
        """Where an edition's files lie."""
        return self.server.data / "public" / self.letter.slug / "editions" / str(number)

    def kept(self) -> int:
        """How many editions are cut, and there with everybody who had signed by then."""
        rows = self.letter.status()["editions"]
        return sum(
            row["cut"] is not None
            and self.letter.get(f"editions/{number}/edition.json").json["counts"]["standing"] == number + 1
            and (self.folder(number) / "openings.jsonl").exists()
            for number, row in enumerate(rows, start=1)
        )


def begun(server: Server, size: int, saboteur: Saboteur) -> Editions:
    """A letter that one has signed."""
    letter = people.start(server.call, server.token, server.authority, "editions", size=size)
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    assert people.sign(letter, letter.people[0]).status == 201
    assert server.process is not None
    return Editions(server, letter, saboteur, below(server.process.pid))


@contextmanager
def gated(data: Path) -> Iterator[tuple[Server, Saboteur]]:
    """A running site, and who holds the gate of its calls."""
    server, saboteur = Server(data, free_port()), Saboteur(data)
    server.command = saboteur.command(server.command)
    server.start()
    try:
        yield server, saboteur
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        saboteur.close()


def findings(server: Server) -> list[str]:
    """What `doctor --deep` says."""
    done = subprocess.run(
        [sys.executable, "-m", "undersigned.cli.app", "doctor", "--deep", "--json", "--data", str(server.data)],
        env={**os.environ, "UNDERSIGNED_DATA": str(server.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"{found['where']}: {found['what']}" for found in json.loads(done.stdout)]


def sound(server: Server) -> None:
    """Nothing is found any more: the site is at rest, and its last round is over in a moment.

    Where the removal of a half-written file was what failed, the file stays until the next start.
    """
    found = [""]
    for _ in range(8):
        if not (found := findings(server)):
            return
    assert all("half-written" in line for line in found), found
    assert server.stop() == 0
    server.start()
    until(lambda: findings(server) == [], seconds=30)


def row_of(tally: Tally, phase: str, fault: str) -> Row:
    """The table's row."""
    how = "kills" if fault == "killed" else f"answers {fault}"
    return tally.row(FAULTS[fault][0], f"a call {how} while an edition is {phase}", PHASES[phase])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("phase", PHASES)
def test_whatever_call_goes_wrong_an_edition_is_whole_or_not_there(
    tmp_path: Path, tally: Tally, phase: str, fault: str
) -> None:
    """Cut and publication are gone through with; everybody who signed is in the edition; nothing is half there."""
    row = row_of(tally, phase, fault)
    calls = iter(range(FIRST + list(FAULTS).index(fault) * STEP // len(FAULTS), LAST + 1, STEP))
    missed, block = 0, 0
    while missed < MISSES and (points := list(islice(calls, BLOCK))):
        block += 1
        with gated(tmp_path / f"data-{block}") as (server, saboteur):
            editions = begun(server, BLOCK + 1, saboteur)
            for when in points:
                if editions.next(phase, fault, when):
                    assert saboteur.hit is not None
                    row.hit(saboteur.hit.kind)
                    row.acknowledged, missed = row.acknowledged + 1, 0
                else:
                    missed += 1
                assert not editions.partial, f"{when}: {saboteur.hit}"
                if missed == MISSES:
                    break
            kept = editions.kept()
            row.lost += editions.number - kept
            assert kept == editions.number
            sound(server)
    assert row.trials


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cut_that_is_answered_first_is_lost(tmp_path: Path, tally: Tally, fault: str) -> None:
    """Control: where answers come before the commit, the organiser has a receipt for a cut that never was."""
    row = row_of(tally, "cut", fault)
    data, port = tmp_path / "data", free_port()
    honest, saboteur = Server(data, port), Saboteur(data)
    honest.start()
    editions = begun(honest, 2, saboteur)
    editions.give_notice()
    assert honest.stop() == 0
    hasty = Server(data, port, saboteur.command(web_command("127.0.0.1", port, 1, "web.hasty:application")))
    hasty.start()
    # The commit's own writes: a process that only reads may be the first to open the database, and writes next to it.
    # A disk without room is asked a second time, with the room that was kept: it answers as it did.
    saboteur.arm(fault, 1, lambda call: call.kind == "write" and call.path.endswith("-wal"), lasting=fault == "ENOSPC")
    row.control_trials += 1
    row.control_acknowledged += people.cut(editions.letter).status == 201
    until(lambda: saboteur.hit is not None)
    saboteur.disarm()
    hasty.kill()
    honest.start()
    until(lambda: editions.letter.status()["pending"] == 0)
    row.control_lost += editions.letter.status()["editions"][0]["cut"] is None
    assert honest.stop() == 0
    saboteur.close()
    assert row.control_lost == row.control_acknowledged == row.control_trials, "a test that cannot fail proves nothing"


@pytest.mark.parametrize("fault", FAULTS)
def test_an_edition_written_in_place_is_seen_half_there(tmp_path: Path, tally: Tally, fault: str) -> None:
    """Control: where the files are written one by one, a fault at a rename leaves an edition without its openings."""
    row = row_of(tally, "published", fault)
    data, port = tmp_path / "data", free_port()
    honest, saboteur = Server(data, port), Saboteur(data)
    honest.start()
    editions = begun(honest, 4, saboteur)
    for _ in range(2):
        person = editions.give_notice()
        editions.cut()
        editions.open(person.key)
        assert honest.stop() == 0
        command = saboteur.command(web_command("127.0.0.1", port, 1, "web.inplace:application"))
        broken = Server(data, port, command)
        broken.start()
        saboteur.arm(
            fault, 1, lambda call: call.kind == "rename" and call.path.endswith("/openings.jsonl"), lasting=True
        )
        with contextlib.suppress(OSError):
            editions.letter.post("publish", {"edition": editions.number}, **editions.letter.auth)
        hit = saboteur.disarm()
        editions.look()
        broken.kill()
        row.control_trials += hit
        row.control_acknowledged += hit
        honest.start()
        editions.finish()
    row.control_lost += len(set(editions.partial))
    assert honest.stop() == 0
    saboteur.close()
    assert editions.partial, "a test that cannot fail proves nothing"
