"""kill -9 of every process at random moments (R1): no acknowledged signature is lost or counted twice."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from undersigned.protocol import canonical, verify
from undersigned.web.serve import web_command
from web.senders import Senders, logged, prepared
from web.server import Server, crowding, free_port, until

from .tally import Tally

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("KILLS", "30"))
EACH = 60
"""Signatures ready for each kill: more than can be sent before it, so that none falls on an idle site."""
FAULT = ("R1", "kill -9 under load", "answers before it commits")


def test_killed_often_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, tally: Tally) -> None:
    """Each restart takes less than five seconds; a signatory who asks again gets the receipt they had."""
    row = tally.row(*FAULT)
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        letter, bodies = prepared(server, EACH * KILLS)
        by_entry = {canonical.encode(body["entry"]).decode(): body for body in bodies}
        senders = Senders(letter, bodies)
        for _ in range(KILLS):
            senders.run_until_killed_at_random(server)
            assert server.start() < 5 * crowding()
            row.trials += 1
            # A signatory whose connection broke asks again, and gets the receipt they had or would have had.
            for entry, receipt in list(senders.acknowledged.items())[-3:]:
                again = letter.post("entries", by_entry[entry])
                assert (again.status, again.body) == (200, receipt)
        until(lambda: letter.status()["pending"] == 0, seconds=30)
        until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
        found = logged(letter)
        assert len(found) == len(set(found))
        lost = set(senders.acknowledged) - set(found)
        row.acknowledged, row.lost = len(senders.acknowledged), len(lost)
        assert not lost
        assert letter.status()["count"] == len(found)
        assert outcome(letter.get("bundle.zip").body, letter.id) == "valid"
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def outcome(packed: bytes, letter: bytes) -> str:
    """What a stranger's verifier says of a bundle."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return verify.verify_bundle(files, letter=letter).outcome


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
    senders.run_until_killed(hasty, 0.05, least=5)
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    lost = set(senders.acknowledged) - set(logged(letter))
    row.control_trials, row.control_acknowledged, row.control_lost = 1, len(senders.acknowledged), len(lost)
    assert honest.stop() == 0
    assert lost, "a test that cannot fail proves nothing"
