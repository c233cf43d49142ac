"""Runs ``undersigned serve`` as a child process: starts it, waits until it is up, and stops it cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from undersigned.client.errors import ClientError

from .site import require_site


class ServerError(ClientError):
    """The server did not start; the message contains the end of its log."""


def free_port() -> int:
    """Finds a free port on loopback."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``host``:``port`` now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def site_command(command: str, data: Path, *options: str) -> list[str]:
    """The command that runs ``undersigned COMMAND`` on ``data`` in a separate process, with this Python."""
    return [sys.executable, "-m", "undersigned.cli.app", command, "--data", str(data), *options]


def _own_environment() -> dict[str, str]:
    """The environment without a real site's settings and secrets, so that invented people never reach its database."""
    ours = ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    return {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_") and key not in ours}


class Server:
    """``undersigned serve`` on the data directory ``data``, for demos and rehearsals. ``log``: its output."""

    def __init__(self, data: Path, host: str, port: int, *, log: Path) -> None:
        self.data, self.host, self.port = data, host, port
        self._log = log
        self._file: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def token_file(self) -> Path:
        """The file with the organiser's token."""
        return self.data / "keys" / "organiser-token"

    def initialise(self, authority: str, database: str | None = None) -> None:
        """Creates the data directory. ``database``: a PostgreSQL URL. Raises ServerError with the reason."""
        require_site()
        words = site_command(
            "init", self.data, f"--authority={authority}", *(["--database", database] if database else [])
        )
        done = subprocess.run(words, capture_output=True, check=False, text=True, env=_own_environment())
        if done.returncode:
            said = done.stderr.strip()[-2000:].removeprefix("✗ ")
            raise ServerError(said or "the data directory could not be made")

    def start(self, *, seconds: float = 60) -> None:
        """Starts it and waits until it is up, at most ``seconds``. Raises ServerError."""
        require_site()
        self._file = self._log.open("ab")
        self._process = subprocess.Popen(
            site_command("serve", self.data, "--host", self.host, "--port", str(self.port)),
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
            env=_own_environment(),
            # In a separate session: Ctrl-C in the terminal reaches only this process, which then stops the server.
            start_new_session=True,
        )
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"the server did not start. {self._tail()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _tail(self) -> str:
        return self._log.read_bytes()[-2000:].decode("utf-8", "replace").strip()

    def wait(self) -> int:
        """Waits until it ends by itself; returns its exit status."""
        if self._process is None:
            raise ValueError("the server was not started")
        return self._process.wait()

    def end(self) -> None:
        """Asks it to end, without waiting. Safe to call in a signal handler while ``wait`` is waiting."""
        if self._process is not None:
            self._process.terminate()

    def stop(self, *, seconds: float = 20) -> None:
        """Asks it to end, and kills it after ``seconds``. Acknowledged signatures are durable already."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def stop_on_signals(act: Callable[[], None]) -> None:
    """Makes SIGTERM and SIGINT call ``act``, once."""

    def handle(*_: object) -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_IGN)
        act()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, handle)


def stop_like_ctrl_c() -> None:
    """Makes SIGTERM end this program like Ctrl-C, so that a server it started is stopped and not left behind."""

    def handle(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handle)
