"""Notifications to systemd: ready when the site answers, alive while it does, stopping when it stops."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from undersigned.web.notify import notify, watchdog_seconds
from undersigned.web.process import die_with_parent

from .server import SOURCES, Server, free_port, until


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """A service manager that listens at an address as NOTIFY_SOCKET spells it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        receiver.settimeout(60)
        yield receiver


@pytest.mark.parametrize("abstract", [False, True])
def test_a_state_is_one_datagram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    """To a socket in the file system, and to one without a file."""
    address = f"@undersigned-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with manager(address) as receiver:
        notify("READY=1")
        assert receiver.recv(64) == b"READY=1"


def test_without_a_manager_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Most sites are started by hand. A manager that has gone is reported, and the site goes on."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nowhere"))
    notify("READY=1")
    assert "systemd could not be notified" in capsys.readouterr().err


def test_the_watchdog_is_that_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """WATCHDOG_PID names another process: then it is not ours to feed."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert watchdog_seconds() is None
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_seconds() == 30
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_seconds() == 30
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_seconds() is None
    monkeypatch.delenv("WATCHDOG_PID")
    monkeypatch.setenv("WATCHDOG_USEC", "soon")
    assert watchdog_seconds() is None


def test_a_site_is_ready_when_it_answers_alive_while_it_does_and_says_that_it_stops(tmp_path: Path) -> None:
    """A site whose workers hang is not reported as alive, so that systemd restarts it."""
    server, address = Server(tmp_path / "data", free_port()), str(tmp_path / "notify")
    environment = {**os.environ, "PYTHONPATH": SOURCES, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000"}
    with manager(address) as receiver:
        process = subprocess.Popen(server.command, env=environment, preexec_fn=die_with_parent)
        try:
            assert receiver.recv(64) == b"READY=1"
            assert server.call("GET", "/healthz").status == 200
            assert receiver.recv(64) == b"WATCHDOG=1"
            workers = below(process.pid)
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(1.5)  # what was in flight arrives
            receiver.setblocking(False)
            drain(receiver)
            time.sleep(2.5)
            assert drain(receiver) == []
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            until(lambda: b"WATCHDOG=1" in drain(receiver))
            process.terminate()
            until(lambda: b"STOPPING=1" in drain(receiver))
            assert process.wait(10) == 0
        finally:
            process.kill()


def drain(receiver: socket.socket) -> list[bytes]:
    """All that has come and was not read yet."""
    found = []
    while True:
        try:
            found.append(receiver.recv(64))
        except BlockingIOError:
            return found


def below(pid: int) -> list[int]:
    """Every process under one, the clerk left out."""
    found: list[int] = []
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"clerk" not in Path(f"/proc/{line}/cmdline").read_bytes():
            found += [int(line), *below(int(line))]
    return found
