"""The disk fills up while people sign (R5): no acknowledged signature is lost, and withdrawals still work.

The server's data are on a separate small file system, which the test fills to its last byte. The control is the
same without the room that is kept for withdrawals.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from undersigned.protocol import canonical
from undersigned.web.serve import web_command
from web import people
from web.people import Letter
from web.senders import give_credential, logged
from web.server import Server, free_port, until

from .tally import Tally

pytestmark = [pytest.mark.slow]
SIZE = "72m"
SIGNATURES = ("R5", "disk full to the last byte: signatures", "answers before it commits")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 72 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs to be allowed to mount a file system: run as root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@dataclass
class Ballast:
    """A file that takes all the room there is."""

    path: Path
    _file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open("wb", buffering=0)

    def fill(self) -> None:
        """To the last byte."""
        for size in (1 << 20, 4096, 1):
            try:
                while self._file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue

    def drop(self) -> None:
        """Away with it."""
        self._file.close()
        self.path.unlink()


def signed_letter(server: Server) -> tuple[Letter, list[dict[str, object]]]:
    """A letter that twenty have signed, and the signatures of sixty more."""
    letter = people.start(server.call, server.token, server.authority, "full", size=80, check="codes")
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    bodies = []
    for person in letter.people:
        give_credential(letter, person, server.data)
        bodies.append(people.prepare(letter, person))
    for body in bodies[:20]:
        assert letter.post("entries", body).status == 201
    until(lambda: letter.status()["pending"] == 0)
    return letter, bodies


@pytest.mark.parametrize("reserve", [True, pytest.param(False, id="control")])
def test_a_full_disk_loses_nobody_and_keeps_nobody_in(small: Path, reserve: bool, tally: Tally) -> None:
    """Signing stops with 503 `full` and comes back by itself; withdrawals go through, into the public count.

    Without the reserve, withdrawals fail.
    """
    server = Server(small / "data", free_port())
    server.start()
    assert server.process is not None
    try:
        letter, bodies = signed_letter(server)
        acknowledged = list(range(20))
        if not reserve:
            (server.data / "reserve").unlink()
        ballast = Ballast(small / "ballast")
        ballast.fill()
        refused: Counter[str] = Counter()
        for number in range(20, 60):
            if not reserve or (server.data / "reserve").exists():
                ballast.fill()
            answer = letter.post("entries", bodies[number])
            if answer.status == 201:
                acknowledged.append(number)
            else:
                assert answer.status == 503
                refused[answer.problem] += 1
        assert refused["full"] >= 20
        if not reserve:
            ballast.fill()
        withdrawn = [j for j in range(5) if people.withdraw(letter, letter.people[j]).status == 201]
        assert len(withdrawn) == (5 if reserve else 0)
        if reserve:
            until(lambda: letter.get("count.json").json["withdrawn"] == 5)
        assert server.process.poll() is None
        ballast.drop()
        until(lambda: letter.post("entries", bodies[79]).status in (200, 201))
        acknowledged.append(79)
        until(lambda: letter.status()["pending"] == 0)
        kept = {canonical.encode(bodies[number]["entry"]).decode() for number in acknowledged}
        until(lambda: kept <= set(logged(letter)))
        found = logged(letter)
        assert len(found) == len(set(found))
        if reserve:
            signed = tally.row(*SIGNATURES)
            signed.trials, signed.acknowledged, signed.lost = 1, len(acknowledged), len(kept - set(found))
        withdrawals = tally.row("R5", "disk full to the last byte: withdrawals turned away", "no room kept for them")
        if reserve:
            withdrawals.trials, withdrawals.acknowledged, withdrawals.lost = 1, len(withdrawn), 5 - len(withdrawn)
        else:
            withdrawals.control_trials, withdrawals.control_lost = 1, 5 - len(withdrawn)
        assert server.stop() == 0
    finally:
        if server.process.poll() is None:
            server.kill()


def test_a_server_that_answers_first_loses_on_a_full_disk(small: Path, tally: Tally) -> None:
    """Control: receipts before the commit, on a disk that then has no room for it."""
    data, port = small / "data", free_port()
    honest = Server(data, port)
    honest.start()
    letter, bodies = signed_letter(honest)
    assert honest.stop() == 0
    hasty = Server(data, port, web_command("127.0.0.1", port, 1, "web.hasty:application"))
    hasty.start()
    ballast = Ballast(small / "ballast")
    try:
        # It knows the letter and has its database open before there is no room.
        assert letter.post("entries", bodies[0]).status == 201
        time.sleep(0.5)
        (data / "reserve").unlink(missing_ok=True)
        ballast.fill()
        answered = [number for number in range(20, 60) if letter.post("entries", bodies[number]).status == 201]
    finally:
        hasty.kill()
        ballast.drop()
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    promised = {canonical.encode(bodies[number]["entry"]).decode() for number in answered}
    lost = promised - set(logged(letter))
    row = tally.row(*SIGNATURES)
    row.control_trials, row.control_acknowledged, row.control_lost = 1, len(promised), len(lost)
    assert honest.stop() == 0
    assert lost, "a test that cannot fail proves nothing"
