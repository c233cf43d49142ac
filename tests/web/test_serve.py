"""One command makes a site and runs it; it says what is wrong, and it stops on a signal."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.first_start import prepare
from undersigned.web.config.settings import check_authority
from undersigned.web.config.sources import read_settings
from undersigned.web.database.sqlite_library import UnsafeDatabaseError, check_version
from undersigned.web.process import die_with_parent

from . import people
from .server import SOURCES, Server, crowding, free_port, until


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``undersigned`` with these arguments, to its end; ``clerk`` is started as the site starts it."""
    module = "undersigned.web" if arguments[0] == "clerk" else "undersigned.cli.app"
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def modes(root: Path) -> dict[str, int]:
    """Permissions of everything in a data directory."""
    return {str(p.relative_to(root)): stat.S_IMODE(p.stat().st_mode) for p in (root, *root.rglob("*"))}


def test_init_makes_a_private_directory_and_changes_nothing_the_second_time(tmp_path: Path) -> None:
    """Directory 0700, keys 0600, settings that say what they are; again: the same bytes."""
    data = tmp_path / "deep" / "data"
    made = run("init", "--data", str(data), "--authority", "letters.example.org")
    assert made.returncode == 0, made.stderr
    found = modes(data)
    assert found["."] == found["keys"] == 0o700
    assert {found[name] for name in found if name.startswith("keys/")} == {0o600}
    assert found["undersigned.sqlite3"] == 0o600
    site = read_settings(DataDir(data))
    assert (site.authority, site.scheme, site.hostname) == ("letters.example.org", "https", "letters.example.org")
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and "sqlite3" not in p.name}
    for words in (("--authority", "letters.example.org"), ("--port", "8001")):
        again = run("init", "--data", str(data), *words)
        assert again.returncode == 0, again.stderr
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and "sqlite3" not in p.name} == before


def test_the_authority_can_be_changed_until_there_is_a_letter(tmp_path: Path) -> None:
    """A first start without --authority took where it listens; the name people will type replaces it, and nothing else.

    Once a letter carries the authority, even a draft, it is refused, and the file stays as it is.
    """
    server = Server(tmp_path / "data", free_port())
    data = DataDir(server.data)
    assert run("init", "--data", str(data.root), "--authority", server.authority).returncode == 0
    with data.settings.open("a") as file:
        file.write('contact = "press@example.org"\n')
    written = data.settings.read_text()
    assert run("init", "--data", str(data.root), "--authority", "letters.example.org").returncode == 0
    moved = read_settings(data)
    assert (moved.authority, moved.scheme, moved.contact) == ("letters.example.org", "https", "press@example.org")
    assert run("init", "--data", str(data.root), "--authority", server.authority).returncode == 0
    assert data.settings.read_text() == written
    server.start()
    try:
        people.start(server.call, server.token, server.authority, "carried", size=3)
    finally:
        server.stop()
    refused = run("init", "--data", str(data.root), "--authority", "letters.example.org")
    assert refused.returncode == 3
    assert server.authority in refused.stderr
    assert "letters.example.org" in refused.stderr
    assert data.settings.read_text() == written


@pytest.mark.parametrize(("host", "takes"), [("127.0.0.1", "127.0.0.1:8191"), ("::1", "localhost:8191")])
def test_a_first_start_takes_where_it_listens(tmp_path: Path, host: str, takes: str) -> None:
    """On the loopback interface, by either version of IP."""
    data = DataDir(tmp_path / "data")
    assert run("init", "--data", str(data.root), "--host", host, "--port", "8191").returncode == 0
    assert read_settings(data).authority == takes


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "2001:db8::1"])
def test_a_first_start_that_listens_on_no_name_asks_for_one(tmp_path: Path, host: str) -> None:
    """What would stand in every letter is no name that people can type: nothing is made."""
    refused = run("init", "--data", str(tmp_path / "data"), "--host", host)
    assert refused.returncode == 3
    assert "--authority" in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("place", ["/proc/letters", "/dev/null/letters"])
def test_a_directory_that_is_not_writable_gets_a_clear_error(place: str) -> None:
    """Also to root, whom permissions do not stop: a kernel's file system, and a file where a directory must be."""
    for words in (("init", "--authority", "letters.example.org"), ("serve", "--port", str(free_port()))):
        found = run(*words, "--data", place)
        assert found.returncode == 3
        assert "Traceback" not in found.stderr
        assert "--data" in found.stderr
        assert len(found.stderr.strip().splitlines()) == 1


def test_it_listens_on_ipv6(tmp_path: Path) -> None:
    """``--host ::1`` serves what 127.0.0.1 does."""
    server = Server(tmp_path / "data", free_port())
    server.command += ["--host", "::1"]
    process = subprocess.Popen(server.command, env={**os.environ, "PYTHONPATH": SOURCES}, preexec_fn=die_with_parent)
    try:
        until(lambda: listens(server.port, "::1"), seconds=60)
        url = f"http://[::1]:{server.port}/"
        answer = httpx.get(url, headers={"host": f"localhost:{server.port}"}, trust_env=False)
        assert answer.status_code in (200, 404)
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_load_balancers_are_answered_by_any_name(tmp_path: Path) -> None:
    """``/healthz`` with another Host and with none: 200. Anything else: 400, which says both names."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        for host in ("10.1.2.3", "web1:8000", ""):
            answer = server.call("GET", "/healthz", headers={"host": host})
            assert (answer.status, answer.body) == (200, b'{"status":"ok"}')
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as bare:
            bare.sendall(b"OPTIONS /healthz HTTP/1.0\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n")
            assert bare.recv(64).startswith(b"HTTP/1.0 405")
        assert server.call("GET", "/healthz/database").status == 200
        wrong = server.call("GET", "/", headers={"host": "web1:8000"})
        assert wrong.status == 400
        assert f"web1:8000; this site is {server.authority}" in wrong.body.decode()
        assert server.call("GET", "/healthz/database", headers={"host": "web1:8000"}).status == 400
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("authority", ["", "Letters.example.org", "a b", "x/y", "x:", "x:65536", "-x.org", "x\n"])
def test_an_authority_is_a_host_and_perhaps_a_port(tmp_path: Path, authority: str) -> None:
    """Any other value is refused before it becomes part of every letter's origin."""
    with pytest.raises(DataError):
        check_authority(authority)
    assert run("init", "--data", str(tmp_path / "data"), f"--authority={authority}").returncode == 2
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "text", ["", "authority = 3", "authority = 'x.org'\nscheme = 'http'", "not toml", "authority='x.org'\nscheme='ftp'"]
)
def test_settings_that_are_wrong_are_named(tmp_path: Path, text: str) -> None:
    """http away from the loopback interface, a scheme there is not, a missing value."""
    data = DataDir(tmp_path / "data")
    prepare(data, "127.0.0.1:8000")
    data.settings.write_text(text)
    with pytest.raises(DataError, match=r"settings\.toml"):
        read_settings(data)


def test_a_port_in_use_gets_a_clear_error(tmp_path: Path) -> None:
    """One line, exit status 2, and no data directory is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = run("serve", "--data", str(tmp_path / "data"), "--port", str(taken.getsockname()[1]))
    assert found.returncode == 2
    assert "is taken" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "data").exists()


def children(pid: int) -> dict[str, int]:
    """The site's processes below its first one, by kind."""
    found = {}
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{line}/cmdline").read_bytes()
        found["clerk" if b"clerk" in command else "web"] = int(line)
    return found


def test_it_stops_within_five_seconds_and_can_start_again(tmp_path: Path) -> None:
    """SIGTERM: exit status 0, no process left; the lock is free again."""
    server = Server(tmp_path / "data", free_port())
    for number in (signal.SIGTERM, signal.SIGINT):
        server.start()
        assert server.process is not None
        below = children(server.process.pid)
        assert set(below) == {"web", "clerk"}
        server.process.send_signal(number)
        assert server.process.wait(timeout=5) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in below.values())


@pytest.mark.parametrize("victim", ["clerk", "web"])
def test_if_one_of_its_processes_dies_the_other_is_stopped_aloud(tmp_path: Path, victim: str) -> None:
    """A site without its clerk would promise what it cannot keep: it ends, with status 1 and a reason."""
    errors = tmp_path / "errors"
    server = Server(tmp_path / "data", free_port())
    with errors.open("wb") as file:
        server.command = ["sh", "-c", 'exec "$0" "$@" 2>' + str(errors), *server.command]
        server.start()
        assert server.process is not None
        below = children(server.process.pid)
        os.kill(below[victim], signal.SIGKILL)
        assert server.process.wait(timeout=8) == 1
        assert not file.closed
    assert f"the {victim} process ended" in errors.read_text()
    assert not any(Path(f"/proc/{pid}").exists() for pid in below.values())
    until(lambda: not listens(server.port))
    server.start()
    assert server.stop() == 0


def test_idle_connections_do_not_block_new_signers(tmp_path: Path) -> None:
    """More viewers than the server has backlog, each with its own connection: the next one is answered."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(most, 8192)), most))
    server = Server(tmp_path / "data", free_port())
    server.start()
    crowd: list[socket.socket] = []
    try:
        for _ in range(2200):
            crowd.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        assert server.call("GET", "/healthz").status == 200
    finally:
        for viewer in crowd:
            viewer.close()
        assert server.stop() == 0


SLOW = {
    "half a request line": b"GET /demo/en/ HT",
    "half the headers": b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: ",
    "half a body": b"POST /demo/entries HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n"
    b"content-length: 5000\r\n\r\n{",
    "half a form": b"POST /api/letters HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n"
    b"content-length: 5000\r\n\r\n{",
}


def test_unfinished_requests_do_not_delay_others(tmp_path: Path) -> None:
    """Five hundred who stop within the headers, two hundred within a body, three hundred within what Django is to read:
    a page still takes less than a second, and so does what Django answers."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    # The clerk makes the site's own pages after the workers answer.
    until(lambda: server.call("GET", "/").status == 200)
    slow: list[socket.socket] = []
    try:
        for number in range(1000):
            part = list(SLOW.values())[number % 2 if number < 500 else 2 + (number >= 700)]
            slow.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            slow[-1].sendall(part % server.port if b"%d" in part else part)
        for path in ("/healthz", "/", "/static/site.css"):
            begun = time.monotonic()
            assert server.call("GET", path).status == 200
            assert time.monotonic() - begun < crowding()
    finally:
        for client in slow:
            client.close()
        assert server.stop() == 0


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a process still answers on a port: an orphaned worker would."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) == 0


def test_if_the_command_itself_is_killed_nothing_goes_on_alone(tmp_path: Path) -> None:
    """kill -9 of the first process takes the others with it: no clerk is left holding the lock."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    assert server.process is not None
    below = children(server.process.pid)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(alive(pid) for pid in below.values()))
    server.start()
    assert server.stop() == 0


def alive(pid: int) -> bool:
    """Whether a process runs, and is not merely waiting to be counted by its new parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_second_clerk_is_refused(tmp_path: Path) -> None:
    """One data directory, one clerk: two would sign two logs."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        until(lambda: (tmp_path / "data" / "clerk.lock").exists())
        second = run("clerk", "--data", str(tmp_path / "data"))
        assert second.returncode == 1
        assert "another clerk" in second.stderr
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)])
def test_a_database_library_that_can_lose_commits_is_refused(version: tuple[int, int, int]) -> None:
    """Versions with the WAL-reset bug never run, whatever is installed."""
    with pytest.raises(UnsafeDatabaseError, match="can lose committed"):
        check_version(version)


@pytest.mark.parametrize("version", [(3, 6, 23), (3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 4)])
def test_a_safe_database_library_is_taken(version: tuple[int, int, int]) -> None:
    """The fixed branches, and everything after the fix."""
    check_version(version)


@pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="this is about SQLite; see test_postgresql.py")
@pytest.mark.django_db(transaction=True)
def test_the_database_runs_as_it_must() -> None:
    """Synced at each commit, foreign keys on, deleted bytes overwritten, foreign schemas not trusted."""
    import sqlite3

    from django.db import connection

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "secure_delete": 1}
    with connection.cursor() as cursor:
        for name, value in expected.items():
            cursor.execute(f"PRAGMA {name}")
            assert cursor.fetchone()[0] == value, name
    assert sqlite3.__name__ == "pysqlite3"
