"""One system call goes wrong while a letter is cut, or opened and published (R2, R3, R12).

Each trial is an edition of its own, of one letter: one more signs, and then the i-th write, sync, rename or removal of
the cut's or the publication's way kills the process, or answers EIO or ENOSPC. Whoever acts asks again until it is
done. An edition is there with its openings or not at all, at every moment, and in the end everything is true.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from undersigned.protocol import manifest
from undersigned.web.operations.serve import web_command
from web import people
from web.people import Answer, Letter, Signer
from web.server import Server, free_port, until

from .saboteur import CALLS, FAULTS, Saboteur
from .tally import Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_DATABASE" in os.environ, reason="PostgreSQL writes in processes of its own"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's package strace"),
]
POINTS = [int(word) for word in os.environ.get("EDITION_POINTS", "1,2,4,8,16").split(",")]
"""Which calls of each kind, in each thread. A kind that has no such call ends its trials."""
PHASES = ("cut", "published")


@dataclass
class Editions:
    """A letter that is cut, opened and published again and again."""

    server: Server
    letter: Letter
    number: int = 0
    partial: list[int] = field(default_factory=list)
    saboteur: Saboteur | None = None

    def next(self, phase: str, kind: str, fault: str, when: int, said: Path) -> bool:
        """One more edition, with a fault in ``phase``. Returns whether the fault happened."""
        person = self.give_notice()
        hit = False
        for part in PHASES:
            if part == phase:
                self.saboteur = Saboteur.sit(self.server, CALLS[kind], fault, when, said)
            try:
                if part == "cut":
                    self.cut()
                else:
                    self.open(person.key)
                    self.finish()
            finally:
                if self.saboteur is not None:
                    hit, self.saboteur = self.saboteur.leave(), None
        if hit:
            self.begin_anew()
        return hit

    def begin_anew(self) -> None:
        """Ends what is left of a site that may be ending by itself, and starts it."""
        process = self.server.process
        assert process is not None
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.server.kill()
        self.server.start()

    def give_notice(self) -> Signer:
        """One more has signed, and the next edition is announced; returns who that is."""
        self.number += 1
        person = self.letter.people[self.number]
        self.insist(lambda: people.sign(self.letter, person))
        after = manifest.format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1))
        self.insist(lambda: people.notice(self.letter, self.number, after))
        return person

    def cut(self) -> None:
        """Until the cut is in the log."""
        self.insist(lambda: people.cut(self.letter, self.number))
        self.settle(lambda: self.letter.status()["editions"][self.number - 1]["cut"] is not None)

    def open(self, key: str) -> None:
        """Two of three trustees open the one who is new, and cosign."""
        wanted = {key} if self.number > 1 else {person.key for person in self.letter.people[:2]}
        for trustee in (1, 2):
            self.insist(lambda t=trustee: people.open_names(self.letter, t, int(time.time()), wanted, self.number))  # type: ignore[misc]
        size = self.letter.status()["size"]
        self.settle(lambda: self.letter.get("count.json").json["size"] >= size)
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
            if self.saboteur is not None and self.saboteur.happened():
                # Once is enough: strace counts anew in every thread, and requests have threads of their own.
                self.saboteur.leave()
            assert self.server.process is not None
            if self.server.process.poll() is not None:
                self.server.start()
            try:
                return done()
            except (OSError, KeyError, AssertionError):
                return False

        until(over, seconds=60)

    def look(self) -> None:
        """Whether this edition is on the disk without its openings, or its openings without it."""
        folder = self.server.data / "public" / self.letter.slug / "editions" / str(self.number)
        try:
            there = set(os.listdir(folder))  # noqa: PTH208 - one look
        except FileNotFoundError:
            return
        if len(there & {"edition.json", "openings.jsonl"}) == 1:
            self.partial.append(self.number)


def begun(server: Server, size: int) -> Editions:
    """A letter that one has signed."""
    letter = people.start(server.call, server.token, server.authority, "editions", size=size)
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    assert people.sign(letter, letter.people[0]).status == 201
    return Editions(server, letter)


def findings(server: Server) -> list[str]:
    """What `doctor --deep` says."""
    done = subprocess.run(
        [sys.executable, "-m", "undersigned.web", "doctor", "--deep", "--data", str(server.data)],
        env={**os.environ, "UNDERSIGNED_DATA": str(server.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("phase", PHASES)
def test_whatever_call_goes_wrong_an_edition_is_whole_or_not_there(
    tmp_path: Path, tally: Tally, phase: str, fault: str
) -> None:
    """Cut and publication are gone through with; everybody who signed is in the edition; nothing is half there."""
    line, what = FAULTS[fault]
    how = "kills" if fault == "killed" else f"answers {fault}"
    row = tally.row(line, f"a call {how} while an edition is {phase}", "an edition's files written in place")
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        editions = begun(server, len(CALLS) * len(POINTS) + 2)
        for kind in CALLS:
            for when in POINTS:
                hit = editions.next(phase, kind, what, when, tmp_path / "said")
                row.trials += hit
                row.acknowledged += hit
                if not hit:
                    break
        assert row.trials >= len(CALLS)
        assert not editions.partial
        counted = editions.letter.get(f"editions/{editions.number}/edition.json").json["counts"]["standing"]
        row.lost += editions.number + 1 - counted
        assert counted == editions.number + 1
        # Signing has stopped, and its last round is over in a moment.
        until(lambda: findings(server) == [], seconds=30)
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def test_an_edition_written_in_place_is_seen_half_there(tmp_path: Path, tally: Tally) -> None:
    """Control: where the files are written one by one, a kill at some rename leaves an edition without its openings."""
    row = tally.row("R2", "a call kills while an edition is published", "an edition's files written in place")
    data, port = tmp_path / "data", free_port()
    honest = Server(data, port)
    honest.start()
    editions = begun(honest, 8)
    for when in (2, 3, 1):
        person = editions.give_notice()
        editions.cut()
        editions.open(person.key)
        assert honest.stop() == 0
        broken = Server(data, port, web_command("127.0.0.1", port, 1, "web.inplace:application"))
        broken.start()
        saboteur = Saboteur.sit(broken, CALLS["rename"], "signal=KILL", when, tmp_path / "said")
        with contextlib.suppress(OSError):
            editions.letter.post("publish", {"edition": editions.number}, **editions.letter.auth)
        broken.kill()
        saboteur.leave()
        editions.look()
        row.control_trials += 1
        honest.start()
        editions.finish()
    row.control_acknowledged, row.control_lost = editions.number, len(set(editions.partial))
    assert honest.stop() == 0
    assert editions.partial, "a test that cannot fail proves nothing"
