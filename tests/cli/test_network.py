"""``undersigned verify`` on real networks: behind proxies, filters and log-in pages. A signatory's tools go straight.

The letter is at https://letters.example.org, to which only a proxy on loopback knows the way.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from client.tlsite import certificate, connect_proxy, listening, serving
from client.worldserver import WorldServer
from letterworld import LetterWorld
from undersigned.cli import app, exits
from undersigned.client import errors, http
from undersigned.protocol import checkpoint
from undersigned.protocol.errors import LogError, UndeterminedError

from .conftest import typed

HOST = "letters.example.org"


@dataclass
class Away:
    """``proxy``: leads there; ``told``: what it was asked for; ``files``: what else the site shows."""

    world: LetterWorld
    server: WorldServer
    proxy: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def link(self) -> str:
        return f"https://{self.world.manifest.origin}/#{self.world.id}"


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Away]:
    world = LetterWorld(people=6)
    for person in world.people[:4]:
        world.sign(person)
    found = Away(world, WorldServer(world))
    made = certificate(tmp_path, HOST)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    prefix = f"/{world.manifest.origin.partition('/')[2]}/"
    with (
        serving(lambda path: found.server._files().get(path.removeprefix(prefix)), made) as port,
        connect_proxy({f"{HOST}:443": port}, found.told) as proxy,
    ):
        found.proxy = proxy
        yield found


def test_a_check_goes_through_the_proxy_of_the_environment_and_says_so(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", away.proxy.replace("://", "://ann:secret@"))
    said = typed("verify", away.link)
    assert said.code == 0, said.err
    assert said.err.count(f"Going through the proxy {away.proxy}, as HTTPS_PROXY says.") == 1
    assert "secret" not in said.err
    assert away.told
    monkeypatch.setenv("NO_PROXY", HOST)
    before = len(away.told)
    said = typed("verify", away.link)
    assert (said.code, len(away.told)) == (3, before)
    assert "name" in said.err


def test_a_signatorys_tools_go_through_a_proxy_only_if_they_are_told(
    away: Away, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, away.proxy)
    code = tmp_path / "code"
    code.write_text("W-AAAA-BBBB-CCCC-DDDD-EEEE\n")
    for words in (["sign", away.link, "--show"], ["counted", away.link], ["withdraw", away.link, "--yes"]):
        more: list[str | Path] = [] if words[0] == "sign" else ["--code-file", code]
        said = typed(*words, *more)
        assert (said.code, away.told) == (3, []), said.err
    said = typed("counted", away.link, "--code-file", code, "--proxy", away.proxy)
    assert "Not in the log" in said.err
    assert away.told
    said = typed("sign", away.link, "--show", "--proxy", away.proxy)
    assert said.code == 0, said.err


def test_a_proxy_that_cannot_be_one_is_misuse(away: Away) -> None:
    said = typed("verify", away.link, "--proxy", "socks5://127.0.0.1:1080")
    assert said.code == 2
    assert "not a valid proxy" in said.err


def test_a_certificate_that_is_not_trusted_is_said_in_a_second(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    began = time.monotonic()
    said = typed("verify", away.link, "--proxy", away.proxy)
    assert said.code == 3
    assert f"The certificate of {HOST} is not trusted on this computer" in said.err
    assert "SSL_CERT_FILE" in said.err
    assert time.monotonic() - began < 20


def test_a_hostile_site_of_no_end_costs_little(away: Away) -> None:
    """A checkpoint of 2^53 - 1 entries, rightly signed."""
    point = checkpoint.Checkpoint(away.world.manifest.origin, 2**53 - 1, bytes(32))
    away.server.files["log/checkpoint"] = checkpoint.sign(point, away.world.log_seed).encode()
    began = time.monotonic()
    said = typed("verify", away.link, "--proxy", away.proxy)
    assert (said.code, "9007199254740991" in said.err) == (3, True)
    assert time.monotonic() - began < 20, "of which most is the start of a process on a busy machine"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nblocked", "another network"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "check the address"),
        (b"HTTP/1.1 429 Slow Down\r\ncontent-length: 0\r\n\r\n", "try again"),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops", "try again"),
        (b"HTTP/1.1 302 Found\r\nlocation: https://login.example/\r\ncontent-length: 0\r\n\r\n", "redirects"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\nlog in", "log-in page"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n<html>log-in</html>", "log-in page"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "not a letter"),
        (b'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"type":"manif', "closed before"),
        (b"SSH-2.0-OpenSSH\r\n", "closed before"),
    ],
)
def test_what_says_nothing_about_the_letter_is_no_verdict(
    answer: bytes, word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gives 3, one sentence, and what to try."""
    monkeypatch.setattr(http, "ATTEMPTS", 2)

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with listening(talk) as port:
        for command in (["verify"], ["verify", "--json"]):
            code = app.run([*command, f"http://127.0.0.1:{port}/letter/"])
            said = capsys.readouterr()
            assert (code, word in said.err.replace("\n", " "), said.out) == (3, True, ""), said.err
            assert "INVALID" not in said.err


def test_every_error_has_its_exit_status() -> None:
    """As docs/howto/verify.md lists them."""
    table = {
        errors.InputError("x"): exits.MISUSE,
        errors.UnreachableError("x"): exits.UNKNOWN,
        errors.BusyError("x"): exits.UNKNOWN,
        errors.UntrustedError("x"): exits.UNKNOWN,
        errors.UndeliveredError("x", 403): exits.UNKNOWN,
        errors.WaitingError("x"): exits.UNKNOWN,
        errors.ProblemError("failed", 500, "", "x"): exits.UNKNOWN,
        errors.ProblemError("code-used", 409, "", "x"): exits.INVALID,
        errors.AnswerError("x"): exits.INVALID,
        LogError("x"): exits.INVALID,
        UndeterminedError("x"): exits.UNKNOWN,
    }
    assert {error: exits.of_error(error) for error in table} == table


def test_docs_and_code_agree_on_what_exit_statuses_mean() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "verify.md").read_text(encoding="utf-8")
    rows = dict(
        line.strip("| ").split(" | ", 1) for line in page.splitlines() if line[:3] in ("| 0", "| 1", "| 2", "| 3")
    )
    assert {code: row.partition(":")[0] for code, row in rows.items()} == {
        str(exits.OK): "valid", str(exits.INVALID): "invalid", str(exits.MISUSE): "misuse",
        str(exits.UNKNOWN): "could not tell",
    }  # fmt: skip
