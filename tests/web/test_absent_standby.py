"""Without the synchronous standby no request waits forever, and none is answered or served with data that may be lost.

Each test has its own server: Debian's PostgreSQL, on loopback, set to wait for a standby that does not exist.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from cluster import BINARIES, Cluster
from undersigned.web.database.postgresql.locks import CLASS, WRITER
from undersigned.web.process import die_with_parent
from undersigned.web.serve import web_command

from . import people
from .people import Answer, Letter
from .senders import give_credential
from .server import SOURCES, Server, free_port, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARIES is None, reason="needs Debian's package postgresql"),
]


def _waits(cluster: Cluster) -> bool:
    """Whether commits wait for a standby now: the wait is cancelled, and the server warns."""
    said: list[str] = []
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.add_notice_handler(lambda diagnostic: said.append(diagnostic.message_primary or ""))
        cut = threading.Timer(0.5, connection.cancel)
        cut.start()
        connection.execute("SELECT pg_logical_emit_message(true, 'probe', '')")
        cut.cancel()
        cut.join()
    return any("synchronous" in message for message in said)


@dataclass
class Alone:
    """A site on one machine whose database can be set to wait for a standby that is not there."""

    cluster: Cluster
    server: Server
    letter: Letter
    clerk: subprocess.Popen[bytes] | None = None
    said: Path = Path()

    def miss(self, name: str | None) -> None:
        """From now on commits wait for ``name``; for none, if None."""
        word = "RESET synchronous_standby_names" if name is None else f"SET synchronous_standby_names = '{name}'"
        self.cluster.ask(f"ALTER SYSTEM {word}")
        self.cluster.ask("SELECT pg_reload_conf()")
        until(lambda: self.cluster.ask("SHOW synchronous_standby_names") == [(name or "",)])
        # A new session says so at once; commits wait from when another of the server's processes has heard of it.
        until(lambda: _waits(self.cluster) is (name is not None), seconds=30)

    def begin_clerk(self, how: str) -> None:
        """Starts the clerk, so or so patient (``web.impatient``)."""
        command = [sys.executable, "-m", "web.impatient", "clerk", "--data", str(self.server.data)]
        with self.said.open("wb") as said:
            self.clerk = subprocess.Popen(command, env=environment(self.server.data, how), stderr=said,
                                          preexec_fn=die_with_parent)  # fmt: skip

    def end_clerk(self) -> None:
        """Ends it, if there is one."""
        if self.clerk is not None:
            self.clerk.kill()
            self.clerk.wait()

    def served(self) -> int:
        """How many entries the served checkpoint speaks of."""
        size: int = self.letter.get("count.json").json["size"]
        return size

    def placed(self) -> int:
        """How many entries have their place in the primary's table."""
        ((number,),) = self.cluster.ask("SELECT count(*) FROM log_entry", "letters")
        return int(number)

    def bodies(self, number: int) -> list[dict[str, object]]:
        """Signatures of so many people, ready to be sent."""
        made = []
        for person in self.letter.people[:number]:
            give_credential(self.letter, person, self.server.data)
            made.append(people.prepare(self.letter, person))
        return made


def environment(data: Path, how: str) -> dict[str, str]:
    """Of a process of this site."""
    return {**os.environ, "UNDERSIGNED_DATA": str(data), "PYTHONPATH": SOURCES, "IMPATIENT": how}


@contextmanager
def alone(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> Iterator[Alone]:
    """A letter that is open; its web worker runs, its clerk does not."""
    cluster, data, port = Cluster(), folder / "data", free_port()
    server = Server(data, port)
    try:
        cluster.initialise()
        cluster.start()
        cluster.ask("CREATE DATABASE letters")
        server.command = [
            sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port),
            "--database", cluster.url("letters"),
        ]  # fmt: skip
        server.start()
        letter = people.start(server.call, server.token, server.authority, "waiting", size=20, check="codes")
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        until(lambda: letter.get("count.json").json.get("size") == letter.status()["size"])
        assert server.stop() == 0
        monkeypatch.setenv("IMPATIENT", how)
        server.command = web_command("127.0.0.1", port, 1, "web.impatient:application")
        server.start()
        made = Alone(cluster, server, letter, said=folder / "said")
        try:
            yield made
        finally:
            made.end_clerk()
            server.kill()
    finally:
        cluster.remove()


def ask_all(letter: Letter, bodies: list[dict[str, object]]) -> tuple[list[threading.Thread], list[Answer]]:
    """Each sent from a thread; answers as they come."""
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda b=body: answers.append(letter.post("entries", b)), daemon=True)
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    return threads, answers


def test_signatures_without_a_standby_are_told_to_retry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 to all of a dozen, to those who ask again, and to a trustee; when it is back, each gets a receipt."""
    with alone(tmp_path, monkeypatch, "cut") as site:
        bodies = site.bodies(12)
        site.miss("nobody")
        for _ in range(2):
            threads, answers = ask_all(site.letter, bodies)
            for thread in threads:
                thread.join(timeout=60)
            assert [(answer.status, answer.problem) for answer in answers] == [(503, "busy")] * 12
            assert all(answer.headers["retry-after"] for answer in answers)
        trustee = people.cosign(site.letter, 1)
        assert (trustee.status, trustee.problem) == (503, "busy")
        # Who only asks is answered.
        assert site.letter.status()["state"] == "open"
        site.miss(None)
        threads, answers = ask_all(site.letter, bodies)
        for thread in threads:
            thread.join(timeout=60)
        assert {answer.status for answer in answers} <= {200, 201}
        assert len(answers) == 12
        assert people.cosign(site.letter, 1).status == 204


def test_without_an_end_of_patience_they_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the same signature is not answered for several times as long, until the standby is back."""
    with alone(tmp_path, monkeypatch, "endless") as site:
        bodies = site.bodies(1)
        site.miss("nobody")
        (thread,), answers = ask_all(site.letter, bodies)
        thread.join(timeout=4)
        assert thread.is_alive()
        assert not answers
        # It does not wait with the lock in hand: others write meanwhile.
        ((free,),) = site.cluster.ask(f"SELECT pg_try_advisory_lock({CLASS}, {WRITER})", "letters")
        assert free
        site.miss(None)
        thread.join(timeout=20)
        assert [answer.status for answer in answers] == [201]


@pytest.mark.parametrize(("how", "shown"), [("cut", False), pytest.param("careless", True, id="control")])
def test_the_clerk_serves_nothing_that_only_the_primary_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, shown: bool
) -> None:
    """A signature gets its place in the primary's table; the checkpoint that speaks of it is not served while the
    standby lacks it. Control: a clerk that does not hear the server's warning serves it."""
    with alone(tmp_path, monkeypatch, "cut") as site:
        before = site.served()
        assert site.letter.post("entries", site.bodies(1)[0]).status == 201
        site.begin_clerk(how)
        until(lambda: site.served() == before + 1, seconds=30)
        site.miss("nobody")
        assert site.letter.post("entries", site.bodies(2)[1]).status == 503
        if shown:
            until(lambda: site.served() == before + 2, seconds=30)
            return
        # It has tried, and begun again, and tried.
        until(lambda: site.said.read_text().count("UnsureCommitError") >= 3, seconds=60)
        assert site.letter.status()["state"] == "open"
        assert site.placed() >= before + 1
        assert site.served() == before + 1
        site.miss(None)
        until(lambda: site.served() == before + 2, seconds=30)
        assert site.letter.status()["count"] == 2
