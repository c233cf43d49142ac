"""PostgreSQL in place of SQLite: what is refused, who is the clerk, and what is acknowledged when.

Each test has its own server: Debian's PostgreSQL in a temporary folder, on loopback.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyrage
import pytest

from cluster import BINARIES, Cluster
from undersigned.web.serve import web_command

from . import people
from .people import Answer, Letter
from .senders import logged
from .server import SOURCES, Server, free_port, until
from .test_serve import children, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARIES is None, reason="needs Debian's package postgresql"),
]

AT_REST = 8
"""Sessions of one machine with one web worker: committer, registrar's threads, clerk, its lease, postman, pressroom."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One running server, without any site's database."""
    made = Cluster()
    made.initialise()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def database(cluster: Cluster, tmp_path: Path) -> str:
    """The URL of an empty database."""
    name = f"site{abs(hash(tmp_path))}"
    cluster.ask(f"CREATE DATABASE {name}")
    return cluster.url(name)


def node(folder: Path, database: str, *options: str) -> Server:
    """A site's processes on one machine."""
    port = free_port()
    command = [
        sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(folder), "--port", str(port),
        "--database", database, *options,
    ]  # fmt: skip
    return Server(folder, port, command)


def test_a_server_that_could_lose_a_receipt_is_refused(cluster: Cluster, database: str, tmp_path: Path) -> None:
    """Each weaker setting is named, nothing is started; control: the same server with it put right is taken."""
    name = database.rpartition("/")[2]
    init = ("init", "--data", str(tmp_path / "data"), "--authority", "letters.example.org", "--database", database)
    for value in ("off", "local", "remote_write"):
        cluster.ask(f"ALTER DATABASE {name} SET synchronous_commit = {value}")
        refused = run(*init)
        assert refused.returncode == 3
        assert f"synchronous_commit = {value}" in refused.stderr
        assert "Traceback" not in refused.stderr
    cluster.ask(f"ALTER DATABASE {name} RESET synchronous_commit")
    for setting in ("fsync", "full_page_writes"):
        cluster.ask(f"ALTER SYSTEM SET {setting} = off")
        cluster.ask("SELECT pg_reload_conf()")
        until(lambda setting=setting: cluster.ask(f"SHOW {setting}") == [("off",)])
        refused = run(*init)
        cluster.ask(f"ALTER SYSTEM RESET {setting}")
        cluster.ask("SELECT pg_reload_conf()")
        until(lambda setting=setting: cluster.ask(f"SHOW {setting}") == [("on",)])
        assert refused.returncode == 3
        assert f"{setting} = off" in refused.stderr
    taken = run(*init)
    assert taken.returncode == 0, taken.stderr


def test_the_password_lies_among_the_keys(cluster: Cluster, database: str, tmp_path: Path) -> None:
    """An argument or a setting that holds it is refused; so is another database. Nothing is made."""
    data = tmp_path / "data"
    init = ("init", "--data", str(data), "--authority", "letters.example.org", "--database")
    for url in (database.replace("postgres@", "postgres:s3cret@"), f"{database}?password=s3cret"):
        refused = run(*init, url)
        assert (refused.returncode, "keys/database-password" in refused.stderr) == (2, True)
        assert "s3cret" not in refused.stderr
        assert not data.exists()
    (data / "keys").mkdir(parents=True)
    (data / "keys" / "database-password").write_text("s3cret!\n")
    made = run(*init, database)
    assert made.returncode == 0, made.stderr
    assert "s3cret" not in (data / "settings.toml").read_text()
    assert not (data / "undersigned.sqlite3").exists()
    other = run(*init, cluster.url("postgres"))
    assert (other.returncode, "another database" in other.stderr) == (2, True)
    text = (data / "settings.toml").read_text()
    (data / "settings.toml").write_text(text.replace("postgres@", "postgres:s3cret@"))
    refused = run("clerk", "--data", str(data))
    assert (refused.returncode, "keys/database-password" in refused.stderr) == (1, True)
    wrong = run("init", "--data", str(tmp_path / "x"), "--authority", "x.example.org", "--database", "mysql://x")
    assert (wrong.returncode, "postgresql://" in wrong.stderr) == (2, True)


def test_the_password_is_read_from_a_file_or_a_credential(
    cluster: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that needs one: refused without, let in with each; the error says which password is meant."""
    name = database.rpartition("/")[2]
    cluster.ask(f"CREATE ROLE {name} LOGIN PASSWORD 's3cret'")
    cluster.ask(f"ALTER DATABASE {name} OWNER TO {name}")
    access = cluster.folder / "pg_hba.conf"
    trusting = access.read_text()
    access.write_text(f"host all {name} 127.0.0.1/32 scram-sha-256\n{trusting}")
    cluster.ask("SELECT pg_reload_conf()")
    url = database.replace("postgres@", f"{name}@")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    try:
        for place in ("keys", "credentials", "pgpass"):
            init = ("init", "--data", str(tmp_path / place), "--authority", "a.example.org", "--database", url)
            refused = run(*init)
            assert (refused.returncode, "refuses the password" in refused.stderr) == (3, True), refused.stderr
            assert not (tmp_path / place).exists()
            if place == "keys":
                (tmp_path / "keys" / "keys").mkdir(parents=True)
                (tmp_path / "keys" / "keys" / "database-password").write_text("s3cret\n")
            elif place == "credentials":
                (tmp_path / "systemd").mkdir()
                (tmp_path / "systemd" / "database-password").write_text("s3cret\n")
                monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "systemd"))
            else:
                (tmp_path / "pass").write_text(f"*:*:*:{name}:s3cret\n")
                (tmp_path / "pass").chmod(0o600)
                monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pass"))
            taken = run(*init)
            assert taken.returncode == 0, taken.stderr
            monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    finally:
        access.write_text(trusting)
        cluster.ask("SELECT pg_reload_conf()")


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """``undersigned`` as it is typed."""
    line = [sys.executable, "-m", "undersigned.cli.app", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def sign(letter: Letter, first: int, last: int) -> bytes:
    """People sign; the checkpoint that is served when all of them are in the log."""
    for person in letter.people[first:last]:
        assert people.sign(letter, person).status == 201
    until(lambda: letter.status()["pending"] == 0)
    size = letter.status()["size"]
    until(lambda: letter.get("count.json").json.get("size") == size)
    return letter.get("log/checkpoint").body


def copied(cluster: Cluster, database: str, name: str) -> str:
    """Another database as this one is now, as one restored to this moment would be."""
    cluster.ask(f"CREATE DATABASE {name} TEMPLATE {database.rpartition('/')[2]}")
    return cluster.url(name)


def moved(server: Server, database: str) -> Server:
    """The site on another database."""
    settings = server.data / "settings.toml"
    lines = settings.read_text().splitlines()
    settings.write_text("".join(f'database = "{database}"\n' if x.startswith("database") else f"{x}\n" for x in lines))
    again = node(server.data, database)
    again.port, again.command = server.port, [database if "postgresql://" in w else w for w in server.command]
    again.start()
    return again


def test_a_database_restored_to_an_earlier_moment_is_not_signed_on_from(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    """The site notices by itself; the newest one goes on, with the withdrawal that was taken meanwhile."""
    server = node(tmp_path / "data", database)
    server.start()
    try:
        letter = people.start(server.call, server.token, server.authority, "restored", size=8)
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        sign(letter, 0, 2)
        assert server.stop() == 0
        old = copied(cluster, database, f"old{abs(hash(tmp_path))}")
        server.start()
        newest = sign(letter, 2, 4)
        assert server.stop() == 0
        server = moved(server, old)
        letter.call = server.call
        with pytest.raises(AssertionError, match="withdrawals"):
            sign(letter, 4, 5)
        assert people.withdraw(letter, letter.people[0]).status == 201
        until(lambda: list((server.data / "withdrawn").rglob("*.json")))
        assert letter.get("log/checkpoint").body == newest
        said = command("doctor", "--data", server.data)
        assert (said.returncode, "it is an older database" in said.stderr) == (1, True)
        (tmp_path / "newest").write_bytes(newest)
        refused = command("restore", "--check", "--data", server.data, "--known", tmp_path / "newest")
        assert (refused.returncode, "would fork the log" in refused.stderr) == (1, True)
        assert server.stop() == 0
        server = moved(server, database)
        letter.call = server.call
        until(lambda: letter.status()["withdrawn"] == 1)
        sign(letter, 4, 6)
        assert command("doctor", "--deep", "--data", server.data).returncode == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def test_keys_and_pages_are_backed_up_and_the_database_is_asked_when_they_return(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    """The file holds everything except the letters, which PostgreSQL's own tools keep; restored elsewhere, the site
    does not go on before it was compared with what trustees kept."""
    server = node(tmp_path / "data", database)
    server.start()
    key, identity, target = pyrage.x25519.Identity.generate(), tmp_path / "identity", tmp_path / "copy.age"
    identity.write_text(f"{key}\n")
    again: Server | None = None
    try:
        letter = people.start(server.call, server.token, server.authority, "elsewhere", size=6)
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        newest = tmp_path / "newest"
        newest.write_bytes(sign(letter, 0, 2))
        done = command("backup", "--data", server.data, "--to", target, "--recipient", key.to_public())
        assert (done.returncode, "pg_basebackup" in done.stdout + done.stderr) == (0, True), done.stderr
        clear = pyrage.decrypt(target.read_bytes(), [key])
        assert server.token.encode() in clear
        assert b"SQLite format 3" not in clear
        assert server.stop() == 0
        words = ("restore", target, "--data", tmp_path / "new", "--identity", identity)
        refused = command(*words)
        assert (refused.returncode, "--known" in refused.stderr) == (1, True)
        assert not (tmp_path / "new").exists()
        taken = command(*words, "--known", newest)
        assert taken.returncode == 0, taken.stderr
        again = node(tmp_path / "new", database)
        again.port, again.command = server.port, [w.replace(str(server.data), str(again.data)) for w in server.command]
        again.start()
        letter.call = again.call
        sign(letter, 2, 4)
        assert command("doctor", "--deep", "--data", again.data).returncode == 0
    finally:
        for one in (server, again):
            if one is not None and one.process is not None and one.process.poll() is None:
                one.stop()


def test_a_database_that_cannot_be_reached_is_named_with_a_remedy(cluster: Cluster, tmp_path: Path) -> None:
    """Which one, why, what to try; nothing is made, so that a mistyped URL can be corrected."""
    here = f"127.0.0.1:{cluster.port}"
    for url, where, why in (
        (f"postgresql://postgres@127.0.0.1:{(port := free_port())}/letters", f"127.0.0.1:{port}", "was refused"),
        (f"postgresql://postgres@{here}/nowhere", here, "no such database"),
        (f"postgresql://nobody@{here}/postgres", here, "no such role"),
        ("postgresql://postgres@host.invalid/letters", "host.invalid:5432", "no such host name"),
    ):
        found = run("init", "--data", str(tmp_path / "data"), "--authority", "letters.example.org", "--database", url)
        assert found.returncode == 3
        assert "Traceback" not in found.stderr
        assert f"cannot reach the database at {where}" in found.stderr.lower()
        assert why in found.stderr
        assert "run this again" in found.stderr
        assert not (tmp_path / "data").exists()


@contextmanager
def followed(cluster: Cluster) -> Iterator[Cluster]:
    """A standby that commits wait for, and that is down. Afterwards commits do not wait any more."""
    standby = Cluster(primary_conninfo="")
    try:
        standby.copy_of(cluster, "standby")
        cluster.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        cluster.ask("SELECT pg_reload_conf()")
        until(lambda: cluster.ask("SHOW synchronous_standby_names") == [("standby",)])
        yield standby
    finally:
        believe_alone(cluster)
        standby.remove()


def believe_alone(cluster: Cluster) -> None:
    """No standby is waited for any more."""
    cluster.ask("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.ask("SELECT pg_reload_conf()")


def ready_to_sign(server: Server) -> tuple[Letter, dict[str, object]]:
    """An open letter, and a signature of it that has not been sent."""
    letter = people.start(server.call, server.token, server.authority, "waiting", size=4)
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    people.activate(letter, letter.people[0])
    return letter, people.prepare(letter, letter.people[0])


def test_a_wait_that_was_cut_short_is_never_acknowledged(cluster: Cluster, database: str, tmp_path: Path) -> None:
    """PostgreSQL commits with only a warning: 503, each time the entry is sent, until the standby has it."""
    server = node(tmp_path / "data", database)
    server.start()
    try:
        letter, body = ready_to_sign(server)
        with followed(cluster):
            for _ in range(2):
                answer = cut_short(cluster, database, letter, body)
                assert (answer.status, answer.problem) == (503, "busy")
                assert b"not known" in answer.body
                assert b"receipt" not in answer.body
            believe_alone(cluster)
            until(lambda: letter.post("entries", body).status == 200)
    finally:
        assert server.stop() == 0


def test_a_site_that_believes_its_commits_acknowledges_what_the_standby_lacks(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    """Control: Django's own commit. 201 and a receipt for a signature that is gone once the standby takes over."""
    honest = node(tmp_path / "data", database)
    honest.start()
    letter, body = ready_to_sign(honest)
    assert honest.stop() == 0
    # Its port is the letter's: clients find it where they found the honest one.
    command = web_command("127.0.0.1", honest.port, 1, "web.trusting_commit:application")
    believing = Server(honest.data, honest.port, command)
    believing.start()
    try:
        with followed(cluster) as standby:
            answer = cut_short(cluster, database, letter, body)
            assert answer.status == 201, "a test that cannot fail proves nothing"
            assert b"receipt" in answer.body
            name = database.rpartition("/")[2]
            waiting = "SELECT count(*) FROM signing_pending WHERE kind = 'sign'"
            assert cluster.ask(waiting, name) == [(1,)]
            standby.start()
            standby.promote()
            assert standby.ask(waiting, name) == [(0,)]
    finally:
        believing.kill()


def cancel_waits(database: str) -> str:
    """The statement that ends every wait for a standby."""
    name = database.rpartition("/")[2]
    return f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = '{name}'"


def cut_short(cluster: Cluster, database: str, letter: Letter, body: dict[str, object]) -> Answer:
    """The answer to an entry whose commit waits for a standby until the wait is cancelled."""
    found: list[Answer] = []
    sender = threading.Thread(target=lambda: found.append(letter.post("entries", body)))
    sender.start()
    for _ in range(60):
        cluster.ask(cancel_waits(database))
        sender.join(timeout=0.05)
        if not sender.is_alive():
            break
    assert found, "no answer"
    return found[0]


def sessions(cluster: Cluster, database: str) -> int:
    """How many connections to this database are open."""
    name = database.rpartition("/")[2]
    ((number,),) = cluster.ask(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'")
    return int(number)


def test_requests_leave_no_sessions_behind(cluster: Cluster, database: str, tmp_path: Path) -> None:
    """A server has a bounded number of them: sixty questions later as many are open as before."""
    server = node(tmp_path / "data", database)
    server.start()
    try:
        letter = people.start(server.call, server.token, server.authority, "asked", size=2)
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        until(lambda: sessions(cluster, database) <= AT_REST)
        for _ in range(60):
            assert letter.status()["state"] == "open"
            assert sessions(cluster, database) <= AT_REST + 1
    finally:
        assert server.stop() == 0


def term(cluster: Cluster, database: str) -> int:
    """Whose turn it is."""
    rows = cluster.ask("SELECT term FROM operations_term", database.rpartition("/")[2])
    return int(rows[0][0]) if rows else 0


def test_a_stopped_clerk_is_followed_and_writes_nothing_when_it_goes_on(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    """Two machines. The clerk's process is stopped as if its machine slept: the other one's takes over, signatures go
    on; awake again it is refused, and waits its turn. One log, every receipt in it."""
    first = node(tmp_path / "first", database, "--workers", "2")
    first.start()
    # The second machine has the same keys, and sees the same published files.
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "keys").symlink_to(tmp_path / "first" / "keys")
    text = (tmp_path / "first" / "settings.toml").read_text()
    (tmp_path / "second" / "settings.toml").write_text(text)
    (tmp_path / "second" / "public").symlink_to(tmp_path / "first" / "public")
    second = node(tmp_path / "second", database)
    stopped = 0
    try:
        letter = people.start(first.call, first.token, first.authority, "paused", size=8)
        people.approve(letter)
        assert people.sign(letter, letter.people[0]).status == 201
        until(lambda: letter.status()["count"] == 1)
        # What is counted may not be served yet. A machine that finds nothing served cannot tell how much was signed
        # and rightly pauses: the clerk may only be stopped once there is something to find.
        until(lambda: letter.get("log/checkpoint").status == 200 and len(logged(letter)) == 1)
        environment = {
            **os.environ,
            "UNDERSIGNED_DATA": str(second.data),
            "PYTHONPATH": SOURCES,
        }
        clerk = [sys.executable, "-m", "undersigned.web", "clerk", "--data", str(second.data)]
        second.process = subprocess.Popen(clerk, env=environment, start_new_session=True)
        assert first.process is not None
        stopped = children(first.process.pid)["clerk"]
        before = term(cluster, database)
        os.kill(stopped, signal.SIGSTOP)
        assert people.sign(letter, letter.people[1]).status == 201
        until(lambda: term(cluster, database) == before + 1, seconds=40)
        until(lambda: letter.status()["count"] == 2)
        os.kill(stopped, signal.SIGCONT)
        assert people.sign(letter, letter.people[2]).status == 201
        until(lambda: letter.status()["count"] == 3)
        # The first one is alive, and no clerk: its next turn comes when the second one ends.
        assert term(cluster, database) == before + 1
        assert second.process.poll() is None
        second.process.terminate()
        assert second.process.wait(timeout=10) == 0
        until(lambda: term(cluster, database) == before + 2, seconds=20)
        assert people.sign(letter, letter.people[3]).status == 201
        until(lambda: letter.status()["count"] == 4)
        until(lambda: len(logged(letter)) == 4)
    finally:
        if second.process is not None and second.process.poll() is None:
            second.process.kill()
            second.process.wait()
        if stopped:
            os.kill(stopped, signal.SIGCONT)
        assert first.stop() == 0
