"""A server as a process of its own: the command line starts it, waits until it answers, and stops it cleanly."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from undersigned.client.errors import ClientError, InputError

from .site import require_site


class ServerError(ClientError):
    """The server did not start or did not stop; the message holds the end of what it wrote."""


def free_port() -> int:
    """A port on loopback that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def why_not_listen(host: str, port: int) -> str | None:
    """Why no server can listen there now, as a sentence that says what to do; None if one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is taken: stop what listens there, or choose another with --port"
            if error.errno == errno.EACCES:
                return f"only root may listen on port {port}: choose one from 1024 up with --port, behind a proxy"
            return f"cannot listen on {host} ({error.strerror}): choose one of this machine's addresses with --host"
    return None


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return why_not_listen(host, port) is None


def run_site(*words: str) -> subprocess.CompletedProcess[str]:
    """One command of the site, in a process of its own: ``python -m undersigned.web`` with ``words``."""
    require_site()
    return subprocess.run(
        [sys.executable, "-m", "undersigned.web", *words], capture_output=True, check=False, text=True
    )


def require_data(data: Path) -> None:
    """Raises InputError unless ``data`` is a data directory."""
    if not (data / "settings.toml").is_file():
        raise InputError(f"{data} is not a data directory: it has no settings.toml")


class Server:
    """``python -m undersigned.web serve`` with its data in ``data``. ``log``: where it writes to; None: stderr."""

    def __init__(self, data: Path, host: str, port: int, *, workers: int = 1, log: Path | None = None) -> None:
        self.data, self.host, self.port, self.workers = data, host, port, workers
        self._log = log
        self._file: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def address(self) -> str:
        """Where it answers: this machine's address, if that is the site's own; else the site's, through its proxy."""
        authority = self._authority()
        local = authority is not None and authority.rpartition(":")[2] == str(self.port)
        return f"http://{authority}" if local else self.url

    @property
    def token_file(self) -> Path:
        """Where the organiser's token lies."""
        return self.data / "keys" / "organiser-token"

    def initialise(self, authority: str | None, database: str | None = None) -> None:
        """Makes what is missing of the data directory. Raises ServerError with the reason if it cannot.

        ``authority``: where people reach the site, by default where it listens; changed if there is no letter yet.
        ``database``: a PostgreSQL URL.
        """
        where = (
            (f"--authority={authority}",) if authority is not None else ("--host", self.host, "--port", str(self.port))
        )
        self._run("init", *where, *(("--database", database) if database else ()))

    def _run(self, command: str, *options: str) -> None:
        result = run_site(command, "--data", str(self.data), *options)
        if result.returncode:
            said = result.stderr.strip()[-2000:].removeprefix("undersigned: ")
            raise ServerError(said or f"{command} failed")

    def require_port(self) -> None:
        """Raises InputError if no server can listen there."""
        reason = why_not_listen(self.host, self.port)
        if reason is not None:
            raise InputError(reason)

    def start(self, *, seconds: float = 60) -> None:
        """Starts it and returns once it answers. Raises ServerError, InputError if the port is taken."""
        require_site()
        self.require_port()
        if self._log is not None:
            self._file = self._log.open("ab")
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "undersigned.web", "serve", "--data", str(self.data),
                "--host", self.host, "--port", str(self.port), "--workers", str(self.workers),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
            # A group of its own: Ctrl-C on the terminal reaches us alone, and we stop it in order.
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"the server did not start. {self._tail()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        # The site knows one host name only, its own; it is not the one under which we reach it from here.
        headers = {"Host": authority} if (authority := self._authority()) else {}
        try:
            return httpx.get(f"{self.url}/healthz", headers=headers, timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _authority(self) -> str | None:
        try:
            settings = tomllib.loads((self.data / "settings.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return str(settings.get("authority") or "") or None

    def _tail(self) -> str:
        if self._log is None:
            return ""
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
