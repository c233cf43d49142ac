"""A server as a process of its own: the command line starts it, waits until it answers, and stops it cleanly."""

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
    """The server did not start or did not stop; the message holds the end of what it wrote."""


def free_port() -> int:
    """A port on loopback that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def site_command(command: str, data: Path, *options: str) -> list[str]:
    """How a command of ``undersigned`` on ``data`` is started as a process of its own, by this very Python."""
    return [sys.executable, "-m", "undersigned.cli.app", command, "--data", str(data), *options]


def _own_environment() -> dict[str, str]:
    """The environment without a real site's settings and secrets: invented people do not go into its database."""
    ours = ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    return {key: value for key, value in os.environ.items() if not key.startswith("UNDERSIGNED_") and key not in ours}


class Server:
    """``undersigned serve`` with its data in ``data``, for demos and rehearsals. ``log``: where it writes to."""

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
        """Where the organiser's token lies."""
        return self.data / "keys" / "organiser-token"

    def initialise(self, authority: str, database: str | None = None) -> None:
        """Makes the data directory. Raises ServerError with the reason if it cannot. ``database``: a PostgreSQL URL."""
        require_site()
        words = site_command(
            "init", self.data, f"--authority={authority}", *(["--database", database] if database else [])
        )
        done = subprocess.run(words, capture_output=True, check=False, text=True, env=_own_environment())
        if done.returncode:
            said = done.stderr.strip()[-2000:].removeprefix("✗ ")
            raise ServerError(said or "the data directory could not be made")

    def start(self, *, seconds: float = 60) -> None:
        """Starts it and returns once it answers. Raises ServerError."""
        require_site()
        self._file = self._log.open("ab")
        self._process = subprocess.Popen(
            site_command("serve", self.data, "--host", self.host, "--port", str(self.port)),
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
            env=_own_environment(),
            # A group of its own: Ctrl-C on the terminal reaches us alone, and we stop it in order.
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
        """Waits until it ends by itself; its exit status."""
        if self._process is None:
            raise ValueError("the server was not started")
        return self._process.wait()

    def end(self) -> None:
        """Asks it to end, without waiting: all that a signal handler may do while ``wait`` is waiting."""
        if self._process is not None:
            self._process.terminate()

    def stop(self, *, seconds: float = 20) -> None:
        """Asks it to end; what it promised is durable already. Kills it only if it does not."""
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
    """Has SIGTERM and SIGINT call ``act``, once."""

    def handle(*_: object) -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_IGN)
        act()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, handle)


def stop_like_ctrl_c() -> None:
    """Has SIGTERM end this program as Ctrl-C does, so that a server it started is stopped and not left behind."""

    def handle(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, handle)
