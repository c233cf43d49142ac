"""One system call goes wrong (R2, R3): the process dies at it, or the disk answers EIO or ENOSPC.

Every process of the site runs behind a gate, which turns the i-th call of a signature's and a withdrawal's way that
changes anything in the data directory into that fault, for i = 1, 2, ... until there is none left: writes, syncs,
renames, removals, links, new files and folders, of database and served files alike. Whatever happens: who got a receipt
is in the log, at once or after the next start.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from undersigned.protocol import canonical
from undersigned.web.serve import web_command
from web import people
from web.people import Letter
from web.senders import logged, prepared
from web.server import Server, free_port, until

from . import gate
from .saboteur import FAULTS, Saboteur
from .tally import Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="PostgreSQL writes in processes of its own"),
    pytest.mark.skipif(gate.usable() != "", reason=gate.usable()),
]
STEP = int(os.environ.get("STEP", "1"))
"""Each so-manieth call."""
FIRST, LAST = (int(word) for word in os.environ.get("CALLS", "1-600").split("-"))
"""Between which calls. A way has some 180; with a rest of the clerk's in it (a bundle, the log cut short) up to 500."""
MISSES = 6
"""So many trials in a row that find no such call end them: one way in three or four is a long one."""
CONTROL = "answers before it commits"


def fault_of(fault: str) -> str:
    """What the table says of it."""
    return f"a call of the way {'kills' if fault == 'killed' else 'answers ' + fault}"


@dataclass
class Trial:
    """People who act while something goes wrong, and the answers they got. ``withdrawn``: keys."""

    letter: Letter
    bodies: list[dict[str, object]]
    signed: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    next: int = 0

    def act(self) -> None:
        """One more signs, and one who has signed withdraws; both note a receipt if they get one."""
        number, self.next = self.next, self.next + 1
        try:
            if self.letter.post("entries", self.bodies[number]).status in (200, 201):
                self.signed.add(canonical.encode(self.bodies[number]["entry"]).decode())
            if number and people.withdraw(self.letter, self.letter.people[number - 1]).status in (200, 201):
                self.withdrawn.add(self.letter.people[number - 1].key)
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

        until(over, seconds=60)
        return server.process.poll() is None

    def stand(self, server: Server) -> None:
        """Starts the site again if it has ended, until all is in the log."""
        if not self.settle(server):
            server.start()
            assert self.settle(server)

    def lost(self) -> set[str]:
        """Signatures and withdrawals that were acknowledged and are not in the log."""
        found = logged(self.letter)
        assert len(found) == len(set(found))
        gone = "\n".join(logged(self.letter, "withdraw"))
        return (self.signed - set(found)) | {key for key in self.withdrawn if f'"key":"{key}"' not in gone}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_call_goes_wrong_no_receipt_is_broken(tmp_path: Path, tally: Tally, fault: str) -> None:
    """The i-th call fails or kills; then every signatory with a receipt is in the log, and the count is theirs."""
    row = tally.row(FAULTS[fault][0], fault_of(fault), CONTROL)
    server = Server(tmp_path / "data", free_port())
    saboteur = Saboteur(server.data)
    server.command = saboteur.command(server.command)
    server.start()
    try:
        letter, bodies = prepared(server, 2 * len(range(FIRST, LAST + 1, STEP)) + 2)
        until(lambda: letter.status()["state"] == "open")
        trial = Trial(letter, bodies)
        trial.act()
        missed = 0
        for when in range(FIRST, LAST + 1, STEP):
            # Some have their receipt already, and are on their way into the log when it happens.
            trial.act()
            saboteur.arm(fault, when)
            trial.act()
            if trial.settle(server):
                saboteur.at_rest()
            hit = saboteur.disarm()
            trial.stand(server)
            if hit and saboteur.hit is not None:
                row.hit(saboteur.hit.kind)
            try:
                lost = trial.lost()
            except OSError:
                # It had not come to its end yet when it was looked at.
                until(lambda: server.process is not None and server.process.poll() is not None)
                trial.stand(server)
                lost = trial.lost()
            row.lost += len(lost)
            assert not lost, f"{when}: {saboteur.hit}"
            # The clerk's rounds go on meanwhile, so that the number of calls varies.
            missed = 0 if hit else missed + 1
            if missed == MISSES:
                break
        row.acknowledged += len(trial.signed) + len(trial.withdrawn)
        assert row.trials
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        saboteur.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_answers_first_breaks_a_receipt(tmp_path: Path, tally: Tally, fault: str) -> None:
    """Control: the same faults on a site whose receipts come before the commit; they cost what was acknowledged."""
    row = tally.row(FAULTS[fault][0], fault_of(fault), CONTROL)
    data, port = tmp_path / "data", free_port()
    honest = Server(data, port)
    honest.start()
    letter, bodies = prepared(honest, 3)
    until(lambda: letter.status()["state"] == "open")
    assert honest.stop() == 0
    saboteur = Saboteur(data)
    hasty = Server(data, port, saboteur.command(web_command("127.0.0.1", port, 1, "web.hasty:application")))
    hasty.start()
    trial = Trial(letter, bodies)
    trial.act()
    # The first one's commit is over when it is asked about again: its thread opens the database with it.
    until(lambda: letter.status()["pending"] == 1)
    # A disk without room is asked a second time, with the room that was kept: it answers as it did.
    saboteur.arm(fault, 1, lambda call: call.kind == "write", lasting=fault == "ENOSPC")
    trial.act()
    until(lambda: saboteur.hit is not None)
    saboteur.disarm()
    if hasty.process is not None and hasty.process.poll() is None:
        hasty.kill()
    saboteur.close()
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    lost = trial.lost()
    row.control_trials += 1
    row.control_acknowledged += len(trial.signed) + len(trial.withdrawn)
    row.control_lost += len(lost)
    assert honest.stop() == 0
    assert lost, "a test that cannot fail proves nothing"
