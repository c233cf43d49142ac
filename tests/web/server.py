"""The real server in separate processes, to be killed."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from undersigned.web.process import die_with_parent

from .people import Answer

ROOT = Path(__file__).parents[2]
SOURCES = f"{ROOT / 'src'}:{ROOT / 'tests'}"
"""PYTHONPATH of other processes: this checkout's code, wherever the environment was installed from."""


def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_of(data: Path) -> str | None:
    """The URL of the database of a site on ``data``: None on SQLite; on PostgreSQL its own database, made here."""
    url = os.environ.get("UNDERSIGNED_TEST_DATABASE")
    if url is None:
        return None
    name = "site" + hashlib.sha256(str(data).encode()).hexdigest()[:16]
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchall():
            connection.execute(f'CREATE DATABASE "{name}"')
    return f"{url.rpartition('/')[0]}/{name}"


def database_for(data: Path) -> list[str]:
    """How ``serve`` is told of it."""
    url = database_of(data)
    return [] if url is None else ["--database", url]


class Server:
    """``undersigned serve`` on a data directory. ``command``: another way to start it, for controls."""

    def __init__(self, data: Path, port: int, command: list[str] | None = None) -> None:
        self.data, self.port = data, port
        self.command = command or [
            sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port),
            *database_for(data),
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """The organiser's."""
        return (self.data / "keys" / "organiser-token").read_text().strip()

    def start(self) -> float:
        """Starts it and waits until it answers; returns the seconds that took."""
        begun = time.monotonic()
        environment = {**os.environ, "UNDERSIGNED_DATA": str(self.data), "PYTHONPATH": SOURCES}
        self.process = subprocess.Popen(
            self.command, env=environment, start_new_session=True, preexec_fn=die_with_parent
        )
        for _ in range(300):
            assert self.process.poll() is None, "the server ended by itself"
            try:
                if self.call("GET", "/healthz").status == 200:
                    return time.monotonic() - begun
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """kill -9 of every process of it at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def halt(self) -> None:
        """Stops every process of it (SIGSTOP), until it is killed."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=10)

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """One request on its own connection. Raises OSError if the server is not there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            found = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        except http.client.HTTPException as error:
            raise ConnectionError from error
        finally:
            connection.close()


def crowding() -> float:
    """How much slower than on an idle machine something may be here: processes that want a core, over cores."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def until(condition: object, seconds: float = 15) -> None:
    """Waits for ``condition()`` to be true, in small steps, up to a limit."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited long enough"
        time.sleep(0.03)
