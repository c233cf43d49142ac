"""Process supervisor of a site: starts the web workers (granian) and one clerk, and stops both together."""

from __future__ import annotations

import errno
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from undersigned.web.config.datadir import ENVIRONMENT
from undersigned.web.notify import notify, watchdog_seconds
from undersigned.web.process import die_with_parent

STOP_WITHIN: Final = 4.0
"""Seconds a child process has to stop before it is killed. Killing it loses nothing that was acknowledged."""
OWN_FILES: Final = 512
"""Open files of a worker besides its connections: database, keys, served files."""
APPLICATION: Final = "undersigned.web.edge.asgi:application"


class CannotListenError(Exception):
    """No server can listen there; the message says why and what to do."""


def check_port(host: str, port: int) -> None:
    """Raises CannotListenError if no server could listen on ``host``:``port`` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotListenError(_why_not(host, port, error)) from None


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken: stop what listens there, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"only root may listen on port {port}: choose one from 1024 up with --port, behind a proxy"
    return f"cannot listen on {host} ({error.strerror}): choose one of this machine's addresses with --host"


def most_connections() -> int:
    """The connection limit of one worker: its limit of open files (RLIMIT_NOFILE), less its own files.

    A reader who watches the count keeps a connection open. Granian's own limit on connections is its backlog, so the
    2,049th idle connection would block new signers. Raises this process's soft limit of open files, which its children
    inherit, to the hard limit.
    """
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports no limit, but accepts no more than this (OPEN_MAX).
    most = 10_240 if sys.platform == "darwin" else allowed
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, allowed))
    return max(2048, min(most, 1_000_000) - OWN_FILES)


def web_command(host: str, port: int, workers: int, target: str = APPLICATION) -> list[str]:
    """The command that starts the web workers. ``target``: another application, for benchmarks and controls."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--no-ws", "--http", "1", "--loop", "uvloop", "--backlog", "2048",
        "--backpressure", str(most_connections()),
        "--log-level", "error", "--no-access-log", "--workers-kill-timeout", "3",
        target,
    ]  # fmt: skip


def clerk_command(data: Path) -> list[str]:
    """The command that starts the clerk."""
    return [sys.executable, "-m", "undersigned.web", "clerk", "--data", str(data)]


def serve(data: Path, host: str, port: int, workers: int, ready: Callable[[], None] = lambda: None) -> int:
    """Runs web workers and clerk until SIGTERM or SIGINT; returns the exit status. If one dies, stops the other.

    ``ready`` is called once, when the site is up.
    """
    check_port(host, port)
    environment = {**os.environ, ENVIRONMENT: str(data), "DJANGO_SETTINGS_MODULE": "undersigned.web.settings"}
    # systemd accepts notifications from this process only.
    environment.pop("NOTIFY_SOCKET", None)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    children = {
        name: subprocess.Popen(command, env=environment, preexec_fn=die_with_parent, start_new_session=False)
        for name, command in (("web", web_command(host, port, workers)), ("clerk", clerk_command(data)))
    }
    status = 0
    health = Health(host, port, ready)
    while not stopping:
        dead = [(name, child.returncode) for name, child in children.items() if child.poll() is not None]
        if dead:
            # Ctrl-C in a terminal may end the children first: give our own signal handler time to run.
            time.sleep(0.2)
            if not stopping:
                name, code = dead[0]
                print(f"undersigned: the {name} process ended with status {code}; stopping the other.", file=sys.stderr)
                status = 1
            break
        health.look()
        time.sleep(0.05)
    notify("STOPPING=1")
    _stop(list(children.values()))
    return status


class Health:
    """Health check of the site: polls until it is up, then as often as systemd's watchdog needs."""

    def __init__(self, host: str, port: int, ready: Callable[[], None]) -> None:
        # A server that listens on every address is reached on loopback.
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with
        self._port, self._ready = port, ready
        watchdog = watchdog_seconds()
        self._pause = None if watchdog is None else watchdog / 3
        self._next = 0.0
        self._answered = False

    def look(self) -> None:
        """Polls the site if it is time to. Notifies systemd only if it answers; if it does not, systemd restarts it."""
        if (self._answered and self._pause is None) or time.monotonic() < self._next or not self._answers():
            return
        if not self._answered:
            self._answered = True
            notify("READY=1")
            self._ready()
        elif self._pause is not None:
            notify("WATCHDOG=1")
        self._next = time.monotonic() + (self._pause or 0)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
