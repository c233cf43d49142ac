"""Three Patroni nodes on loopback, each with its own PostgreSQL; they agree among themselves (Raft, PySyncObj).

Patroni is no dependency of this project. It is looked for in ``UNDERSIGNED_PATRONI``, a directory with its commands,
and on the PATH; ``make durability`` installs it from ``requirements/patroni.lock`` in a place of its own. The user
``postgres`` must be able to run it, if the tests are run by root.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from cluster import BINARIES, _end_with_us, _free_port, _owner
from web.server import until

COMMAND = shutil.which("patroni", path=os.environ.get("UNDERSIGNED_PATRONI", "") + os.pathsep + os.environ["PATH"])
RULES = {
    # Seconds after which a leader that is not heard of is none any more: the least that Patroni takes.
    "ttl": 20, "loop_wait": 2, "retry_timeout": 5,
    "postgresql": {
        "use_pg_rewind": True,
        "parameters": {
            "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "32MB",
            "max_connections": 60, "wal_log_hints": "on",
        },
    },
}  # fmt: skip


class Node:
    """One machine: a Patroni, and the PostgreSQL it looks after."""

    def __init__(self, name: str, home: Path) -> None:
        self.name, self.home = name, home
        self.port, self.api, self.raft = _free_port(), _free_port(), _free_port()
        self.folder = home / "data"
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, others: list[Node], rules: dict[str, Any]) -> None:
        """Writes ``patroni.yml``; JSON is YAML."""
        local = "127.0.0.1"
        made = {
            "scope": "undersigned", "name": self.name,
            "restapi": {"listen": f"{local}:{self.api}", "connect_address": f"{local}:{self.api}"},
            "raft": {
                "data_dir": str(self.home / "raft"), "self_addr": f"{local}:{self.raft}",
                "partner_addrs": [f"{local}:{node.raft}" for node in others],
            },
            "bootstrap": {
                "dcs": RULES | rules,
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, {"auth": "trust"}],
            },
            "postgresql": {
                "listen": f"{local}:{self.port}", "connect_address": f"{local}:{self.port}",
                "data_dir": str(self.folder), "bin_dir": str(BINARIES), "pgpass": str(self.home / "pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres"}, "replication": {"username": "replicator"},
                    "rewind": {"username": "rewinder"},
                },
                "parameters": {"unix_socket_directories": str(self.home)},
                "pg_hba": [
                    "local all all trust", "host all all 127.0.0.1/32 trust",
                    "host replication replicator 127.0.0.1/32 trust",
                ],
            },
        }  # fmt: skip
        (self.home / "patroni.yml").write_text(json.dumps(made, indent=1))

    def start(self) -> None:
        """Starts its Patroni, which starts PostgreSQL when it is time."""
        assert COMMAND is not None
        log = (self.home / "log").open("ab")
        self.process = subprocess.Popen(
            [COMMAND, str(self.home / "patroni.yml")], stdout=log, stderr=log, cwd=self.home,
            start_new_session=True, preexec_fn=_end_with_us, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            **_owner(),
        )  # fmt: skip
        log.close()

    def told(self) -> dict[str, Any]:
        """What its Patroni says of it; nothing if it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=5)
        try:
            connection.request("GET", "/patroni")
            found: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()
        return found

    def leads(self) -> bool:
        """Whether it is the primary."""
        told = self.told()
        return told.get("state") == "running" and told.get("role") in ("primary", "master")

    def follows(self) -> bool:
        """Whether it streams from the primary."""
        return self.told().get("replication_state") == "streaming"

    def url(self, database: str) -> str:
        """How to reach one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def ask(self, question: str, database: str = "postgres") -> list[Any]:
        """Rows of one statement."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(question)
            return cursor.fetchall() if cursor.description else []

    def _servers(self) -> list[int]:
        """PostgreSQL's processes, the postmaster first."""
        try:
            postmaster = int((self.folder / "postmaster.pid").read_text().split("\n")[0])
            children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        except (FileNotFoundError, ValueError):
            return []
        return [postmaster, *map(int, children)]

    def receiver(self) -> int:
        """The process that receives what the primary sends."""
        ((pid,),) = self.ask("SELECT pid FROM pg_stat_wal_receiver")
        return int(pid)

    def kill(self) -> None:
        """The machine vanishes: kill -9 of Patroni and of every process of its PostgreSQL."""
        assert self.process is not None
        for pid in (self.process.pid, *self._servers()):
            end(pid, signal.SIGKILL)
        self.process.wait()


def end(pid: int, how: signal.Signals) -> None:
    """Sends a signal, if the process still exists."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


class Trio:
    """Three of them. ``rules``: of Patroni's ``bootstrap.dcs``, beyond ``RULES``."""

    def __init__(self, **rules: Any) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="undersigned-patroni-"))
        self.nodes = [Node(name, self.home / name) for name in ("one", "two", "three")]
        self.home.chmod(0o755)
        for node in self.nodes:
            node.home.mkdir()
            node.configure([other for other in self.nodes if other is not node], rules)
            for path in (node.home, node.home / "patroni.yml"):
                if owner := _owner():
                    os.chown(path, owner["user"], owner["group"])

    def start(self) -> None:
        """Starts all; waits until one leads and two follow."""
        for node in self.nodes:
            node.start()
        until(lambda: sum(node.leads() for node in self.nodes) == 1, seconds=120)
        until(lambda: sum(node.follows() for node in self.nodes) == 2, seconds=120)

    @property
    def leader(self) -> Node:
        """The node that is the primary now."""
        return next(node for node in self.nodes if node.leads())

    def url(self, database: str) -> str:
        """A database on whichever takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres@{hosts}/{database}"

    def fail_over(self) -> tuple[Node, float]:
        """The primary's machine vanishes; who leads then, and after how many seconds."""
        gone, begun = self.leader, time.monotonic()
        gone.kill()
        until(lambda: any(node.leads() for node in self.nodes if node is not gone), seconds=120)
        return self.leader, time.monotonic() - begun

    def remove(self) -> None:
        """Stops all of them and removes their folder."""
        for node in self.nodes:
            if node.process is not None:
                node.kill()
        shutil.rmtree(self.home, ignore_errors=True)
