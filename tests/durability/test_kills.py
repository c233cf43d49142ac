"""kill -9 of every process at random moments, thirty times (R1); ``tests/web/test_kill.py`` is the short run."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from undersigned.protocol import canonical
from undersigned.web.operations.serve import web_command
from web.server import Server, crowding, free_port, until
from web.test_kill import Senders, logged, prepared

from .tally import Tally

pytestmark = pytest.mark.durability
KILLS = int(os.environ.get("KILLS", "30"))
FAULT = ("R1", "kill -9 under load", "answers before it commits")


def test_killed_often_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, tally: Tally) -> None:
    """Each restart takes less than five seconds; whoever asks again gets the receipt they had."""
    row = tally.row(*FAULT)
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        letter, bodies = prepared(server, 40 * KILLS)
        senders = Senders(letter, bodies)
        for _ in range(KILLS):
            senders.run_until_killed(server, random.uniform(0.02, 0.25))
            assert server.start() < 5 * crowding()
            row.trials += 1
            for entry, receipt in list(senders.acknowledged.items())[-2:]:
                body = next(b for b in bodies if canonical.encode(b["entry"]).decode() == entry)
                again = letter.post("entries", body)
                assert (again.status, again.body) == (200, receipt)
        until(lambda: letter.status()["pending"] == 0, seconds=30)
        until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
        found = logged(letter)
        assert len(found) == len(set(found))
        lost = set(senders.acknowledged) - set(found)
        row.acknowledged, row.lost = len(senders.acknowledged), len(lost)
        assert senders.acknowledged
        assert not lost
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def test_a_server_that_answers_first_loses(tmp_path: Path, tally: Tally) -> None:
    """Control: receipts before the commit."""
    row = tally.row(*FAULT)
    data, port = tmp_path / "data", free_port()
    honest = Server(data, port)
    honest.start()
    letter, bodies = prepared(honest, 60)
    until(lambda: letter.status()["state"] == "open")
    assert honest.stop() == 0
    hasty = Server(data, port, web_command("127.0.0.1", port, 1, "web.hasty:application"))
    hasty.start()
    senders = Senders(letter, bodies)
    senders.run_until_killed(hasty, 0.1, least=5)
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    lost = set(senders.acknowledged) - set(logged(letter))
    row.control_trials, row.control_acknowledged, row.control_lost = 1, len(senders.acknowledged), len(lost)
    assert honest.stop() == 0
    assert lost, "a test that cannot fail proves nothing"
