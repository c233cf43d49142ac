"""Patroni fails over by itself when the primary is lost: every signature with a receipt is kept, no operator acts.

Three nodes, so that with ``synchronous_mode_strict`` there is still a synchronous standby after one is lost.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster import BINARIES
from web.senders import logged, prepared
from web.server import Server, until

from .patroni import COMMAND, Trio, end
from .tally import Tally
from .test_failover import Crowd, missing, site

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif(BINARIES is None, reason="needs Debian's package postgresql"),
    pytest.mark.skipif(COMMAND is None, reason="needs Patroni (durability/patroni.py says how)"),
]
FAULT = ("R6", "PostgreSQL's primary is lost, Patroni promotes by itself", "asynchronous, standbys behind")


@contextmanager
def trio(**rules: object) -> Iterator[Trio]:
    """Three running nodes."""
    made = Trio(**rules)
    try:
        made.start()
        yield made
    finally:
        made.remove()


@contextmanager
def crowded(three: Trio, folder: Path) -> Iterator[tuple[Server, Crowd]]:
    """A site on the three, whose letter a crowd of 600 is ready to sign."""
    three.leader.ask("CREATE DATABASE letters")
    server = site(folder, three.url("letters"))
    server.start()
    try:
        letter, bodies = prepared(server, 600)
        until(lambda: letter.status()["state"] == "open")
        yield server, Crowd(letter, bodies)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


@pytest.mark.parametrize("trial", range(2))
def test_patroni_promotes_and_nobody_is_lost(tmp_path: Path, trial: int, tally: Tally) -> None:
    """kill -9 of the primary and its Patroni under load; the site goes on; the old primary comes back by itself."""
    rules = {"synchronous_mode": True, "synchronous_mode_strict": True}
    with trio(**rules) as three, crowded(three, tmp_path / "data") as (_, crowd):
        states = [state for (state,) in three.leader.ask("SELECT sync_state FROM pg_stat_replication ORDER BY 1")]
        assert "sync" in states, states
        crowd.start()
        until(lambda: len(crowd.acknowledged) >= 80 + 60 * trial, seconds=60)
        gone = three.leader
        leader, seconds = three.fail_over()
        before = dict(crowd.acknowledged)
        assert len(before) < len(crowd.bodies), "the load was over before the primary was"
        assert missing(leader, crowd) == []
        crowd.finish()
        letter = crowd.letter
        until(lambda: letter.status()["pending"] == 0, seconds=60)
        until(lambda: len(logged(letter)) == len(crowd.bodies), seconds=60)
        assert sorted(logged(letter)) == sorted(crowd.acknowledged)
        gone.start()
        until(gone.follows, seconds=120)
        print(f"trial {trial}: {len(before)} acknowledged before, 0 lost, promoted after {seconds:.1f} s")
        row = tally.row(*FAULT)
        row.trials, row.acknowledged = row.trials + 1, row.acknowledged + len(before)


def test_patroni_without_synchronous_mode_loses_what_was_acknowledged(tmp_path: Path, tally: Tally) -> None:
    """Control: asynchronous standbys fall behind; Patroni promotes one, and receipts are broken."""
    with trio(synchronous_mode=False) as three, crowded(three, tmp_path / "data") as (server, crowd):
        receivers = [node.receiver() for node in three.nodes if not node.leads()]
        crowd.start()
        until(lambda: len(crowd.acknowledged) >= 60, seconds=60)
        for pid in receivers:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: len(crowd.acknowledged) >= 200, seconds=60)
        gone = three.leader
        gone.kill()
        for pid in receivers:
            # Data in flight to them are lost with the primary.
            end(pid, signal.SIGKILL)
        crowd.leave()
        server.kill()
        until(lambda: any(node.leads() for node in three.nodes if node is not gone), seconds=120)
        lost = missing(three.leader, crowd)
        print(f"control: {len(crowd.acknowledged)} acknowledged, {len(lost)} lost")
        row = tally.row(*FAULT)
        row.control_trials = 1
        row.control_acknowledged, row.control_lost = len(crowd.acknowledged), len(lost)
        assert lost, "a test that cannot fail proves nothing"
