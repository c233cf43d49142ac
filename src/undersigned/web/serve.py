"""One site as two kinds of process: web workers under granian, and exactly one clerk."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

from undersigned.web.config.datadir import ENVIRONMENT
from undersigned.web.process import die_with_parent

STOP_WITHIN: Final = 4.0
"""Seconds a child has to stop before it is killed; nothing acknowledged can be lost by that."""
OWN_FILES: Final = 512
"""Files a worker has open besides its connections: database, keys, what it serves."""
APPLICATION: Final = "undersigned.web.edge.asgi:application"


class PortTakenError(Exception):
    """Somebody else listens there."""


def check_port(host: str, port: int) -> None:
    """Raises PortTakenError if nobody could listen on ``host``:``port`` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def most_connections() -> int:
    """How many connections one worker may hold: as many as it may have files open, less those it needs itself.

    Whoever watches a count keeps a connection open. Granian counts those as well, and by itself takes no more than its
    backlog of them: the 2,049th viewer would shut everybody out who wants to sign. Raises this process's limit of open
    files, which its children inherit, to what it is allowed.
    """
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS says "no limit" and takes no more than this (OPEN_MAX).
    most = 10_240 if sys.platform == "darwin" else allowed
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, allowed))
    return max(2048, min(most, 1_000_000) - OWN_FILES)


def web_command(host: str, port: int, workers: int, target: str = APPLICATION) -> list[str]:
    """How the web workers are started. ``target``: another application, for benchmarks and controls."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--no-ws", "--http", "1", "--loop", "uvloop", "--backlog", "2048",
        "--backpressure", str(most_connections()),
        "--log-level", "error", "--no-access-log", "--workers-kill-timeout", "3",
        target,
    ]  # fmt: skip


def clerk_command(data: Path) -> list[str]:
    """How the clerk is started."""
    return [sys.executable, "-m", "undersigned.web", "clerk", "--data", str(data)]


def serve(data: Path, host: str, port: int, workers: int) -> int:
    """Runs both until SIGTERM or SIGINT; returns the exit status. If one of them dies, so does the other, aloud."""
    check_port(host, port)
    environment = {**os.environ, ENVIRONMENT: str(data), "DJANGO_SETTINGS_MODULE": "undersigned.web.settings"}
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
    while not stopping:
        dead = [(name, child.returncode) for name, child in children.items() if child.poll() is not None]
        if dead:
            # A terminal's interrupt reaches the children first: give our own handler the time to run.
            time.sleep(0.2)
            if not stopping:
                name, code = dead[0]
                print(f"undersigned: the {name} process ended with status {code}; stopping the other.", file=sys.stderr)
                status = 1
            break
        time.sleep(0.05)
    _stop(list(children.values()))
    return status


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
