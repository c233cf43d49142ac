"""Failover: the primary is lost under load and its standby takes over; every signature with a receipt is kept.

Two private PostgreSQL clusters; between them a link of 50 ms each way. The standby follows synchronously, or, in the
control, as fast as it can.
"""

from __future__ import annotations

import io
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from cluster import BINARIES, Cluster
from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, merkle, verify
from web.people import Letter
from web.senders import logged, prepared
from web.server import Server, free_port, until

from .link import Link
from .tally import Tally

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif(BINARIES is None, reason="needs Debian's package postgresql"),
]
DELAY = 0.05
"""Seconds each way."""
FAULT = ("R6", "PostgreSQL's primary is lost, its standby promoted", "asynchronous standby")


@dataclass
class Pair:
    """A primary, and a standby that follows it over a link."""

    primary: Cluster
    standby: Cluster
    link: Link

    def url(self, name: str) -> str:
        """A database on whichever of the two takes writes."""
        return f"postgresql://postgres@127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}/{name}"

    def follow(self, *, synchronous: bool) -> None:
        """Has commits wait for the standby, or not."""
        if synchronous:
            self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            self.primary.ask("SELECT pg_reload_conf()")
        expected = [("sync" if synchronous else "async",)]
        until(lambda: self.primary.ask("SELECT sync_state FROM pg_stat_replication") == expected)

    def fail_over(self) -> None:
        """The primary's machine vanishes, what was on the link with it; the standby is promoted."""
        self.primary.kill()
        self.link.cut()
        self.standby.promote()


@contextmanager
def pair() -> Iterator[Pair]:
    """Two running clusters."""
    primary, standby = Cluster(), Cluster()
    link: Link | None = None
    try:
        primary.initialise()
        primary.start()
        link = Link(primary.port, DELAY)
        standby.copy_of(primary, "standby", port=link.port)
        standby.start()
        yield Pair(primary, standby, link)
    finally:
        if link is not None:
            link.cut()
        standby.remove()
        primary.remove()


class Crowd:
    """Threads that post signatures, again and again until each is acknowledged; a 503 or a broken line is no answer."""

    def __init__(self, letter: Letter, bodies: list[dict[str, object]]) -> None:
        self.letter, self.bodies, self.todo = letter, bodies, list(bodies)
        self.acknowledged: dict[str, bytes] = {}
        self.refused = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(16)]

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if not self.todo:
                    return
                body = self.todo.pop()
            try:
                answer = self.letter.post("entries", body)
                status = answer.status
            except OSError:
                status = 0
            with self._lock:
                if status in (200, 201):
                    self.acknowledged[canonical.encode(body["entry"]).decode()] = answer.body
                else:
                    assert status in (0, 503), answer.body
                    self.refused += 1
                    self.todo.insert(0, body)
            if status not in (200, 201):
                self._stop.wait(0.2)

    def leave(self) -> None:
        """Stops asking; what was not acknowledged stays so."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=20)

    def finish(self) -> None:
        """Waits until every signature is acknowledged."""
        for thread in self._threads:
            thread.join(timeout=120)
        assert not self.todo


def site(folder: Path, database: str) -> Server:
    """A site with two web workers."""
    port = free_port()
    command = [
        sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(folder), "--port", str(port),
        "--database", database, "--workers", "2",
    ]  # fmt: skip
    return Server(folder, port, command)


@contextmanager
def crowded(two: Pair, folder: Path, *, synchronous: bool) -> Iterator[tuple[Server, Crowd]]:
    """A site on the two whose letter a crowd is signing: 600 people who stop when all have a receipt."""
    two.primary.ask("CREATE DATABASE letters")
    server = site(folder, two.url("letters"))
    server.start()
    try:
        letter, bodies = prepared(server, 600)
        until(lambda: letter.status()["state"] == "open")
        two.follow(synchronous=synchronous)
        crowd = Crowd(letter, bodies)
        crowd.start()
        yield server, crowd
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


class Askable(Protocol):
    """A PostgreSQL that answers statements: a cluster of ours, or a node of Patroni's."""

    def ask(self, question: str, database: str = ..., /) -> list[Any]:
        """Rows of one statement."""


def missing(cluster: Askable, crowd: Crowd) -> list[str]:
    """Acknowledged entries that a database knows nothing of."""
    rows = cluster.ask("SELECT leaf FROM log_entry UNION SELECT leaf FROM signing_pending", "letters")
    known = {leaf for (leaf,) in rows}
    return [e for e in crowd.acknowledged if b64.encode(merkle.leaf_hash(e.encode())) not in known]


@pytest.mark.parametrize("trial", range(3))
def test_after_a_failover_every_acknowledged_signature_is_there(tmp_path: Path, trial: int, tally: Tally) -> None:
    """kill -9 of the primary under load, real promotion; the same processes go on, and every receipt is kept."""
    with pair() as two, crowded(two, tmp_path / "data", synchronous=True) as (_, crowd):
        letter, bodies = crowd.letter, list(crowd.bodies)
        until(lambda: len(crowd.acknowledged) >= 80 + 60 * trial, seconds=60)
        two.fail_over()
        before = dict(crowd.acknowledged)
        assert len(before) < len(bodies), "the load was over before the primary was"
        assert missing(two.standby, crowd) == []
        crowd.finish()
        until(lambda: letter.status()["pending"] == 0, seconds=60)
        until(lambda: len(logged(letter)) == len(bodies), seconds=60)
        assert sorted(logged(letter)) == sorted(crowd.acknowledged)
        # A signatory asks again, and gets the receipt they had.
        for entry, receipt in list(before.items())[:5]:
            body = next(b for b in bodies if canonical.encode(b["entry"]).decode() == entry)
            assert letter.post("entries", body).body == receipt
        until(lambda: letter.get("bundle.zip").status == 200)
        with zipfile.ZipFile(io.BytesIO(letter.get("bundle.zip").body)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        assert verify.verify_bundle(files, letter=letter.id).outcome == "valid"
        print(f"trial {trial}: {len(before)} acknowledged before, 0 lost, {crowd.refused} told to come back")
        row = tally.row(*FAULT)
        row.trials, row.acknowledged = row.trials + 1, row.acknowledged + len(before)


def test_an_asynchronous_standby_loses_what_was_acknowledged(tmp_path: Path, tally: Tally) -> None:
    """Control: the same loss with an asynchronous standby; acknowledged signatures are missing."""
    with pair() as two, crowded(two, tmp_path / "data", synchronous=False) as (server, crowd):
        until(lambda: len(crowd.acknowledged) >= 150, seconds=60)
        two.primary.kill()
        two.link.cut()
        crowd.leave()
        server.kill()
        two.standby.promote()
        lost = missing(two.standby, crowd)
        print(f"control: {len(crowd.acknowledged)} acknowledged, {len(lost)} lost")
        row = tally.row(*FAULT)
        row.control_trials = 1
        row.control_acknowledged, row.control_lost = len(crowd.acknowledged), len(lost)
        assert lost, "a test that cannot fail proves nothing"
