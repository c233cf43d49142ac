"""One system call goes wrong (R2, R3): the process dies at it, or the disk answers EIO or ENOSPC.

strace sits on every process of the site and turns the i-th write, sync, rename or removal of a signature's and a
withdrawal's way into that fault, for i = 1, 2, ... Whatever happens: who got a receipt is in the log, at once or after
the next start.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from undersigned.protocol import canonical
from undersigned.web.operations.serve import web_command
from web import people
from web.people import Letter
from web.senders import logged, prepared
from web.server import Server, free_port, until

from .saboteur import CALLS, FAULTS, Saboteur
from .tally import Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_DATABASE" in os.environ, reason="PostgreSQL writes in processes of its own"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's package strace"),
]
POINTS = int(os.environ.get("POINTS", "6"))
"""The first so many calls of each kind, in each thread."""


@dataclass
class Trial:
    """People who act while something goes wrong, and what they were told."""

    letter: Letter
    bodies: list[dict[str, object]]
    signed: set[str]
    withdrawn: int = 0
    next: int = 0

    def act(self) -> None:
        """One more signs, and one who has signed withdraws; both note a receipt if they get one."""
        number, self.next = self.next, self.next + 1
        try:
            if self.letter.post("entries", self.bodies[number]).status in (200, 201):
                self.signed.add(canonical.encode(self.bodies[number]["entry"]).decode())
            if number and people.withdraw(self.letter, self.letter.people[number - 1]).status in (200, 201):
                self.withdrawn += 1
        except OSError:
            return

    def settle(self, server: Server) -> bool:
        """Waits until all is in the log, or the site has stopped itself; returns whether it still runs."""
        assert server.process is not None

        def over() -> bool:
            if server.process is not None and server.process.poll() is not None:
                return True
            try:
                status = self.letter.status()
                return bool(status["pending"] == 0 and self.letter.get("count.json").json["size"] == status["size"])
            except (OSError, KeyError):
                return False

        until(over, seconds=30)
        return server.process.poll() is None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", CALLS)
def test_whatever_call_goes_wrong_no_receipt_is_broken(tmp_path: Path, tally: Tally, kind: str, fault: str) -> None:
    """The i-th call fails or kills; then everybody with a receipt is in the log, and the count is theirs."""
    line, what = FAULTS[fault]
    row = tally.row(
        line, f"a call of the way {'kills' if fault == 'killed' else 'answers ' + fault}", "answers before it commits"
    )
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        letter, bodies = prepared(server, 2 * POINTS)
        until(lambda: letter.status()["state"] == "open")
        trial = Trial(letter, bodies, set())
        for when in range(1, POINTS + 1):
            # Some have their receipt already, and are on their way into the log when it happens.
            trial.act()
            saboteur = Saboteur.sit(server, CALLS[kind], what, when, tmp_path / "said")
            trial.act()
            try:
                trial.settle(server)
            finally:
                hit = saboteur.leave()
            row.trials += hit
            if not trial.settle(server):
                server.start()
                assert trial.settle(server)
            found = logged(letter)
            assert len(found) == len(set(found))
            lost = trial.signed - set(found)
            row.lost += len(lost)
            assert not lost, f"{kind} {when}"
            assert letter.get("count.json").json["withdrawn"] >= trial.withdrawn
            if not hit:
                break
        row.acknowledged += len(trial.signed) + trial.withdrawn
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_answers_first_breaks_a_receipt(tmp_path: Path, tally: Tally, fault: str) -> None:
    """Control: the same faults on a site whose receipts come before the commit; they cost what was acknowledged."""
    line, what = FAULTS[fault]
    row = tally.row(
        line, f"a call of the way {'kills' if fault == 'killed' else 'answers ' + fault}", "answers before it commits"
    )
    data, port = tmp_path / "data", free_port()
    honest = Server(data, port)
    honest.start()
    letter, bodies = prepared(honest, 3)
    until(lambda: letter.status()["state"] == "open")
    assert honest.stop() == 0
    hasty = Server(data, port, web_command("127.0.0.1", port, 1, "web.hasty:application"))
    hasty.start()
    trial = Trial(letter, bodies, set())
    trial.act()
    # The first one's commit is over when it is asked about again: its thread opens the database with it.
    until(lambda: letter.status()["pending"] == 1)
    # A disk without room is asked a second time, with the room that was kept: it answers as it did.
    saboteur = Saboteur.sit(hasty, "pwrite64", what, "1+" if fault == "ENOSPC" else 1, tmp_path / "said")
    try:
        trial.act()
        until(saboteur.happened)
    finally:
        saboteur.leave()
    if hasty.process is not None and hasty.process.poll() is None:
        hasty.kill()
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    lost = trial.signed - set(logged(letter))
    row.control_trials += 1
    row.control_acknowledged += len(trial.signed)
    row.control_lost += len(lost)
    assert honest.stop() == 0
    assert lost, "a test that cannot fail proves nothing"
