"""Private PostgreSQL clusters for tests: Debian's binaries, a temporary folder, a free port on loopback.

PostgreSQL refuses to run as root; then the clusters belong to the `postgres` user that the Debian package makes.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
BINARIES = next((place for place in _PLACES if (place / "initdb").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> dict[str, Any]:
    """How a child of ours is not root."""
    if os.getuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _end_with_us() -> None:
    """Linux: a server is stopped at once (SIGINT) when the process that started it dies, however it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _call(program: str, *arguments: str) -> None:
    assert BINARIES is not None
    done = subprocess.run(
        [str(BINARIES / program), *arguments], capture_output=True, text=True, cwd="/", timeout=120, **_owner()
    )
    assert done.returncode == 0, f"{program}: {done.stderr[-2000:]}"


class Cluster:
    """One server. ``settings``: lines of its configuration beyond the defaults."""

    def __init__(self, **settings: str) -> None:
        assert BINARIES is not None, "Debian's package `postgresql` is needed"
        self.port = _free_port()
        self.settings = settings
        self.home = Path(tempfile.mkdtemp(prefix="undersigned-postgresql-"))
        if owner := _owner():
            os.chown(self.home, owner["user"], owner["group"])
        self.folder = self.home / "data"
        self.process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """Makes an empty cluster that trusts every client on loopback."""
        _call("initdb", "-D", str(self.folder), "-U", "postgres", "--auth=trust", "--locale=C.UTF-8", "-E", "UTF8")

    def copy_of(self, primary: Cluster, name: str, port: int | None = None) -> None:
        """Becomes a streaming standby of ``primary``, calling itself ``name``. ``port``: another way to reach it."""
        source = f"host=127.0.0.1 port={port or primary.port} user=postgres application_name={name}"
        _call("pg_basebackup", "-D", str(self.folder), "-d", source, "-R", "-X", "stream", "-c", "fast")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = {
            "port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.home),
            "shared_buffers": "32MB", "max_connections": "60", "max_wal_senders": "4", **self.settings,
        }  # fmt: skip
        assert BINARIES is not None
        command = [str(BINARIES / "postgres"), "-D", str(self.folder)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = (self.home / "log").open("ab")
        self.process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd="/", start_new_session=True, preexec_fn=_end_with_us, **_owner()
        )
        log.close()
        for _ in range(300):
            assert self.process.poll() is None, (self.home / "log").read_text()[-2000:]
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the cluster does not answer")

    def url(self, database: str) -> str:
        """How to reach one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def ask(self, question: str, database: str = "postgres", *, patience: int = 60_000) -> list[Any]:
        """Rows of one statement. Raises psycopg.errors.QueryCanceled if it takes longer than ``patience`` ms."""
        options = f"-c statement_timeout={patience}"
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5, options=options) as connection:
            cursor = connection.execute(question)
            return cursor.fetchall() if cursor.description else []

    def promote(self) -> None:
        """A standby becomes a primary."""
        _call("pg_ctl", "promote", "-D", str(self.folder), "-w")

    def kill(self) -> None:
        """kill -9 of every process of it at once."""
        assert self.process is not None
        # Its children are each in a session of their own.
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in (self.process.pid, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def remove(self) -> None:
        """Stops it and removes its folder."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
