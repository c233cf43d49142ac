"""Power cut while people sign (R4): every acknowledged signature is in the log, and the site starts by itself.

The control's database leaves the disk for later; the same cut then takes receipts with it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from undersigned.protocol import canonical
from undersigned.web.serve import web_command
from web.senders import Senders, logged, prepared
from web.server import free_port, until

from .plug import Plugged, disk
from .tally import Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="PostgreSQL's own disk is another"),
]
CYCLES = int(os.environ.get("CYCLES", "100"))
"""How often the plug is pulled (row R4 of the table of faults)."""
EACH = 60
"""Signatures ready for each cut: more than can be sent before it, so that none falls on an idle site."""
FAULT = ("R4", "power cut under load", "synchronous=OFF")


def test_the_power_goes_and_nobody_who_got_a_receipt_is_lost(tmp_path: Path, tally: Tally) -> None:
    """After every cut the site starts, and its log holds each acknowledged signature, once."""
    row = tally.row(*FAULT)
    with disk(tmp_path) as ground:
        server = Plugged(ground.place / "data", free_port())
        server.disk = ground
        server.start()
        try:
            letter, bodies = prepared(server, EACH * CYCLES)
            until(lambda: letter.status()["state"] == "open")
            senders = Senders(letter, bodies)
            for _ in range(CYCLES):
                senders.run_until_killed_at_random(server)
                server.start()
                row.trials += 1
                until(lambda: letter.status()["pending"] == 0, seconds=30)
                until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
                found = logged(letter)
                assert len(found) == len(set(found))
                lost = set(senders.acknowledged) - set(found)
                row.lost += len(lost)
                assert not lost
            row.acknowledged += len(senders.acknowledged)
            assert senders.acknowledged
            again = next(body for body in bodies if canonical.encode(body["entry"]).decode() in senders.acknowledged)
            assert letter.post("entries", again).status == 200
            assert server.stop() == 0
        finally:
            if server.process is not None and server.process.poll() is None:
                server.process.kill()
                server.process.wait()


def test_a_database_that_does_not_sync_loses_what_it_acknowledged(tmp_path: Path, tally: Tally) -> None:
    """Control: the web worker alone, with synchronous=OFF."""
    row = tally.row(*FAULT)
    with disk(tmp_path) as ground:
        data, port = ground.place / "data", free_port()
        honest = Plugged(data, port)
        honest.start()
        letter, bodies = prepared(honest, 120)
        until(lambda: letter.status()["state"] == "open")
        assert honest.stop() == 0
        careless = Plugged(data, port, web_command("127.0.0.1", port, 1, "web.unsynced:application"))
        careless.disk = honest.disk = ground
        careless.start()
        senders = Senders(letter, bodies)
        senders.run_until_killed(careless, 0.1, least=20)
        honest.start()
        until(lambda: letter.status()["pending"] == 0)
        until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
        lost = set(senders.acknowledged) - set(logged(letter))
        row.control_trials += 1
        row.control_acknowledged += len(senders.acknowledged)
        row.control_lost += len(lost)
        assert honest.stop() == 0
        assert lost, "a test that cannot fail proves nothing"
