"""``undersigned serve``: a site starts, says where it is, and stops cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from undersigned.cli.server import Server, free_port, port_is_free

from .conftest import typed


def started(folder: Path, port: int, *words: str) -> subprocess.Popen[bytes]:
    """The command in a separate process, once the site answers."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(folder / "data"),
             "--port", str(port), *words],
            stdout=said, stderr=said, stdin=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200"},
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while "answers at" not in (folder / "said").read_text():
        assert process.poll() is None, (folder / "said").read_text()
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.1)
    return process


def test_it_starts_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    """SIGTERM ends it, with everything under it; what it said holds the token's place and not the token."""
    port = free_port()
    process = started(tmp_path, port, "--authority", "letters.example.org")
    try:
        known = {"Host": "letters.example.org"}
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", headers=known, trust_env=False)
        assert answer.json() == {"status": "ok"}
        token = tmp_path / "data" / "keys" / "organiser-token"
        said = (tmp_path / "said").read_text()
        assert str(token) in said
        assert token.read_text().strip() not in said
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert 'authority = "letters.example.org"' in (tmp_path / "data" / "settings.toml").read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code == 0
    assert port_is_free("127.0.0.1", port)


def test_a_rehearsal_that_is_stopped_leaves_no_server_behind(tmp_path: Path) -> None:
    """SIGTERM half-way: the server it started ends too, and the summary says that it is not right."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "undersigned.cli.app", "rehearse", "--signatories", "20", "--withdraw", "1",
         "--anonymous", "1", "--initials", "1", "--join", "1", "--out", str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    known = out / "letter" / "letter.json"
    deadline = time.monotonic() + 60
    while not known.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline, "it did not get so far"
        time.sleep(0.05)
    port = int(json.loads(known.read_text())["server"].rpartition(":")[2])
    assert not port_is_free("127.0.0.1", port)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    assert port_is_free("127.0.0.1", port)
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["ok"] is False


def test_a_port_that_is_taken_is_said_to_be_taken(site: Server, tmp_path: Path) -> None:
    said = typed("serve", "--data", tmp_path / "data", "--port", str(site.port))
    assert said.code == 2
    assert f"Port {site.port} is taken" in said.err
    assert not (tmp_path / "data").exists()


def test_the_same_authority_again_is_no_news_and_another_is_taken_until_there_is_a_letter(tmp_path: Path) -> None:
    """A unit of systemd says ``--authority`` at each start. What was fixed by a start without it can be changed."""
    for words in ((), ("--authority", "letters.example.org"), ("--authority", "letters.example.org")):
        process = started(tmp_path, free_port(), *words)
        process.terminate()
        assert process.wait(30) == 0
        assert "! " not in (tmp_path / "said").read_text()
        written = (tmp_path / "data" / "settings.toml").read_text()
        assert ('authority = "letters.example.org"' in written) == bool(words)


def test_what_stops_a_start_is_one_sentence(tmp_path: Path) -> None:
    """A place that cannot be written to, an address that is not this machine's: no traceback, and what to do."""
    for words, says in (
        (("--data", "/proc/letters"), "Choose another place with --data"),
        (("--data", str(tmp_path / "x"), "--host", "192.0.2.1"), "--host"),
        (("--data", str(tmp_path / "x"), "--authority", "https://x.org"), "not a host name"),
    ):
        command = [sys.executable, "-m", "undersigned.cli.app", "serve", "--port", str(free_port()), *words]
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert found.returncode in (2, 3)
        assert says in " ".join(found.stderr.split())
        assert "Traceback" not in found.stderr
        assert not (tmp_path / "x").exists()


def test_a_start_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGTERM before the site answers: the processes it had started end too."""
    port = free_port()
    command = [sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(tmp_path / "d"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not below(process.pid, "clerk"):
        assert process.poll() is None
        assert time.monotonic() < deadline, "it did not get so far"
        time.sleep(0.01)
    (server,) = below(process.pid, "clerk")
    process.terminate()
    process.wait(60)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "the clerk goes on alone"
        time.sleep(0.05)
    assert port_is_free("127.0.0.1", port)


def below(pid: int, word: str) -> list[int]:
    """The processes right below one, whose command has a word."""
    found = []
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            command = Path(f"/proc/{line}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:
            continue
        if word.encode() in command:
            found.append(int(line))
    return found


def test_an_error_names_a_file_as_it_is_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first letter of a sentence is a capital, and that of a file's name is what it is."""
    monkeypatch.chdir(tmp_path)
    assert "nofile does not exist" in typed("verify", "nofile", home=tmp_path).err
    assert "nofile.zip does not exist" in typed("verify", "nofile.zip", home=tmp_path).err


def test_a_password_on_the_command_line_is_refused_with_the_places_where_it_belongs(tmp_path: Path) -> None:
    """Every user of a machine sees arguments. It is not repeated, and nothing is made."""
    url = "postgresql://letters:s3cret@db.example.org/letters"
    for command in ("serve", "init"):
        said = typed(command, "--data", tmp_path / "data", "--database", url)
        assert said.code == 2
        for place in ("keys/database-password", "PGPASSFILE", "systemd credential"):
            assert place in said.err
        assert "s3cret" not in said.err + said.out
        assert not (tmp_path / "data").exists()


def test_a_directory_that_holds_something_else_is_not_taken(tmp_path: Path) -> None:
    """A mistyped path: what is there is named, and stays as it is."""
    (tmp_path / "thesis.tex").write_text("x")
    said = typed("serve", "--data", tmp_path, "--port", str(free_port()))
    assert said.code == 2
    assert "holds other files (thesis.tex)" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_where_it_listens_is_the_options_then_the_environments_then_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt key stops it with the right one."""
    taken, data = free_port(), tmp_path / "data"
    assert typed("init", "--data", data, "--authority", "letters.example.org").code == 0
    settings = data / "settings.toml"
    settings.write_text(settings.read_text() + f"port = {taken}\n")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", taken))
        listener.listen()
        assert f"Port {taken} is taken" in typed("serve", "--data", data).err
        monkeypatch.setenv("UNDERSIGNED_PORT", "70000")
        assert "UNDERSIGNED_PORT is" in typed("serve", "--data", data).err
        monkeypatch.setenv("UNDERSIGNED_PORT", str(free_port()))
        assert f"Port {taken} is taken" in typed("serve", "--data", data, "--port", str(taken)).err
        monkeypatch.delenv("UNDERSIGNED_PORT")
    settings.write_text(settings.read_text().replace("port =", "prot ="))
    said = typed("serve", "--data", data)
    assert (said.code, "did you mean port?" in said.err) == (3, True)


def test_djangos_commands_run_on_a_sites_data(tmp_path: Path) -> None:
    """With options of their own; a folder that is no site's is misuse, and a command that Django has not is 1."""
    assert typed("django", "--data", tmp_path, "check").code == 2
    data = tmp_path / "data"
    assert typed("init", "--data", data, "--authority", "letters.example.org").code == 0
    shown = typed("django", "--data", data, "showmigrations", "--plan")
    assert (shown.code, "[X]" in shown.out, "[ ]" in shown.out) == (0, True, False)
    code = "from django.conf import settings; print(settings.DATA.root)"
    assert str(data) in typed("django", "--data", data, "shell", "--verbosity", "0", "--command", code).out
    assert typed("django", "--data", data, "no-such-command").code == 1
