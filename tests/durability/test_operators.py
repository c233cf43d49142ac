"""docs/howto/postgresql.md, block by block, on two private clusters made by Debian's own commands.

Two machines are two folders: paths, ports and addresses of the page are put in place of by theirs, and nothing else.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pyrage
import pytest

from web import people
from web.people import Letter
from web.server import ROOT, Server, free_port, until

HOWTO = ROOT / "docs" / "howto" / "postgresql.md"
NEEDED = ("pg_createcluster", "pg_ctlcluster", "pg_conftool", "age", "runuser")
pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif(
        os.getuid() != 0 or not all(map(shutil.which, NEEDED)),
        reason="needs root and Debian's packages postgresql and age",
    ),
]
SUDO = """#!/bin/sh -e
# sudo -u USER COMMAND...; a password that is asked for is typed.
user="$2"; shift 2
case "$*" in
  *--pwprompt*) printf '%s\\n%s\\n' {password} {password} | setsid -w runuser -u "$user" -- "$@" ;;
  *) exec runuser -u "$user" -- "$@" ;;
esac
"""


@dataclass
class Machine:
    """A folder for a machine's paths. ``port``: of its PostgreSQL."""

    home: Path
    port: int = field(default_factory=free_port)

    def prepare(self, password: str) -> None:
        """Makes what a Debian machine has."""
        for name in ("etc/postgresql", "lib", "run", "srv", "bin", "root"):
            (self.home / name).mkdir(parents=True)
        for path in (self.home, *self.home.iterdir()):
            path.chmod(0o755)
        for name in ("lib", "run"):
            shutil.chown(self.home / name, "postgres", "postgres")
        (self.home / "bin" / "sudo").write_text(SUDO.format(password=password))
        (self.home / "bin" / "sudo").chmod(0o755)

    def adapt(self, block: str) -> str:
        """A block of the page, with this machine's paths."""
        at = str(self.home)
        made = f"pg_createcluster -p {self.port} -d {at}/lib/15/main -s {at}/run -l {at}/lib/log --start-conf manual"
        block = block.replace("pg_createcluster", made, 1)
        block = block.replace("/usr/local/sbin/", f"{at}/bin/").replace("/var/lib/postgresql/", f"{at}/lib/")
        block = block.replace("/etc/postgresql/", f"{at}/etc/postgresql/").replace("/root/", f"{at}/root/")
        return block.replace("/srv/", f"{at}/srv/")

    def run(self, block: str) -> str:
        """Pastes a block into a shell of root's; what it said."""
        environment = {
            **os.environ, "PATH": f"{self.home}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
            "PG_CLUSTER_CONF_ROOT": f"{self.home}/etc/postgresql", "PGPASSFILE": f"{self.home}/lib/.pgpass",
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-c", "set -eu -o pipefail\n" + self.adapt(block)], env=environment, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
            start_new_session=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def lose(self) -> None:
        """kill -9 of its PostgreSQL; when the machine is started again, there is nothing in /run."""
        postmaster = int((self.home / "lib/15/main/postmaster.pid").read_text().split("\n")[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        for path in (self.home / "run").iterdir():
            path.unlink()


@dataclass
class Page:
    """The page's blocks, in order, and the two machines they speak of."""

    machines: dict[str, Machine]
    password: str
    blocks: list[tuple[str, str]]
    replaced: dict[str, str]

    def next(self, *where: str) -> str:
        """Runs the next block, on the machines it names; ``where`` is what the page must say. Returns what was said."""
        named, body = self.blocks.pop(0)
        assert named.split() == list(where), (named, body)
        said = ""
        for name in where:
            said += self.machines[name].run(self.adapt(body))
        return said

    def adapt(self, text: str) -> str:
        """Addresses and passwords of this run."""
        ports = {name: machine.port for name, machine in self.machines.items()}
        for name in ("db1", "db2"):
            text = text.replace(f"host={name}.example.org", f"host=127.0.0.1 port={ports[name]}")
            text = text.replace(f"{name}.example.org", f"127.0.0.1:{ports[name]}")
        text = text.replace("10.0.0.0/24", "127.0.0.1/32").replace("PASSWORD", self.password)
        if not Path("/etc/ssl/private/ssl-cert-snakeoil.key").exists():
            # Debian's own certificate, with which a cluster speaks TLS at once, is not on this machine.
            text = text.replace("hostssl", "host   ")
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        return text

    def states(self, name: str) -> list[tuple[str, str]]:
        """Who follows a machine, and how."""
        said = self.machines[name].run(
            "sudo -u postgres psql -At -c 'SELECT application_name, sync_state FROM pg_stat_replication'"
        )
        return [(line.split("|")[0], line.split("|")[1]) for line in said.splitlines()]


@pytest.fixture
def page() -> Iterator[Page]:
    """Two machines that have nothing yet."""
    home = Path(tempfile.mkdtemp(prefix="undersigned-operators-"))
    home.chmod(0o755)
    password = secrets.token_hex(8)
    machines = {name: Machine(home / name) for name in ("db1", "db2")}
    blocks = re.findall(r"```sh ([a-z0-9 ]+)\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.DOTALL)
    for machine in machines.values():
        machine.prepare(password)
    try:
        yield Page(machines, password, list(blocks), {})
    finally:
        for machine in machines.values():
            if (machine.home / "lib/15/main/postmaster.pid").exists():
                machine.run("pg_ctlcluster --mode immediate 15 main stop || true")
        shutil.rmtree(home, ignore_errors=True)


def served(page: Page, data: Path) -> Server:
    """The site, as the page starts it, after its password was put where the page says."""
    named, body = page.blocks.pop(0)
    assert named == "web"
    subprocess.run(["bash", "-eu", "-c", page.adapt(body).replace("/srv/letters", str(data))], check=True)
    named, body = page.blocks.pop(0)
    assert named == "web"
    words = page.adapt(body).replace("\\\n", " ").split()
    assert words[:4] == ["undersigned", "serve", "--data", "/srv/letters"]
    port = free_port()
    words = [str(data) if word == "/srv/letters" else word for word in words[1:]]
    words[words.index("--authority") + 1] = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "undersigned.cli.app", *words, "--port", str(port)]
    server = Server(data, port, command)
    server.start()
    return server


def sign(letter: Letter, first: int, last: int) -> bytes:
    """People sign, each until they have a receipt; the checkpoint when they are in the log."""
    for person in letter.people[first:last]:
        body = people.prepare(letter, person)
        until(lambda body=body: letter.post("entries", body).status in (200, 201), seconds=60)
    until(lambda: letter.status()["pending"] == 0, seconds=60)
    size = letter.status()["size"]
    until(lambda: letter.get("count.json").json.get("size") == size, seconds=60)
    return letter.get("log/checkpoint").body


def typed(*words: object) -> subprocess.CompletedProcess[str]:
    """``undersigned`` as it is typed."""
    line = [sys.executable, "-m", "undersigned.cli.app", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def test_what_operators_are_told_to_type_does_what_it_says(page: Page, tmp_path: Path) -> None:
    """Set up, lost, promoted, brought back, backed up, restored to a point in time; and there the letter is halted."""
    db1, db2 = page.machines["db1"], page.machines["db2"]
    page.next("db1", "db2")
    page.next("db1")
    page.next("db2")
    until(lambda: page.states("db1") == [("db2", "async")], seconds=60)
    page.next("db1")
    until(lambda: page.states("db1") == [("db2", "quorum")], seconds=60)
    server = served(page, tmp_path / "data")
    try:
        letter = people.start(server.call, server.token, server.authority, "operated", size=12)
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        for person in letter.people:
            people.activate(letter, person)
        sign(letter, 0, 2)
        # The primary is lost; the standby promoted.
        db1.lose()
        page.next("db2")
        sign(letter, 2, 4)
        # Commits wait, and the old primary comes back.
        page.next("db2")
        page.next("db2")
        page.next("db1")
        until(lambda: page.states("db2") == [("db1", "quorum")], seconds=60)
        sign(letter, 4, 6)
        # A backup; a moment; more signatures; and back to the moment.
        page.machines["primary"] = db2
        key = pyrage.x25519.Identity.generate()
        (db2.home / "root" / "identity").write_text(f"{key}\n")
        page.replaced["AGE1"] = str(key.to_public())
        page.next("primary")
        sign(letter, 6, 7)
        ((moment,),) = (
            psycopg.connect(f"postgresql://letters:{page.password}@127.0.0.1:{db2.port}/letters")
            .execute("SELECT clock_timestamp()::text")
            .fetchall()
        )
        time.sleep(0.1)
        newest = sign(letter, 7, 9)
        assert server.stop() == 0
        db1.run("pg_ctlcluster 15 main stop")
        page.replaced["2026-12-01 12:00:00+00"] = moment
        page.next("primary")
        assert page.blocks == []
        server.start()
        answer = letter.post("entries", people.prepare(letter, letter.people[10]))
        assert answer.status == 503, answer.body
        assert letter.get("log/checkpoint").body == newest
        assert people.withdraw(letter, letter.people[1]).status == 201
        said = typed("doctor", "--data", server.data)
        assert (said.returncode, "it is an older database" in said.stderr) == (1, True), said.stderr
        (tmp_path / "newest").write_bytes(newest)
        refused = typed("restore", "--check", "--data", server.data, "--known", tmp_path / "newest")
        assert (refused.returncode, "would fork the log" in refused.stderr) == (1, True), refused.stderr
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
