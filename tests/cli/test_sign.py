"""Signing, changing, asking and withdrawing from the command line: with files, by pipe, and at a terminal."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from undersigned.cli.server import Server
from undersigned.protocol import codes
from web import people
from web.people import Letter
from web.server import Server as Caller
from web.server import until

from .conftest import Said, typed

_NUMBERS = itertools.count()


@pytest.fixture
def letter(site: Server, tmp_path: Path) -> Letter:
    """A sealed letter, open, with a roll."""
    return opened(site, approve=True)


def opened(site: Server, *, approve: bool, **how: object) -> Letter:
    """A new letter on this site."""
    caller, slug = Caller(site.data, site.port), f"signed-{next(_NUMBERS)}"
    made = people.start(caller.call, caller.token, f"127.0.0.1:{site.port}", slug, size=4, **how)  # type: ignore[arg-type]
    if approve:
        people.approve(made)
        until(lambda: made.status()["state"] == "open")
    until(lambda: made.get("log/checkpoint").status == 200)
    return made


def link(letter: Letter) -> str:
    """The invitation."""
    return f"http://{letter.manifest.origin}/#{letter.l}"


def access(letter: Letter, number: int) -> str:
    """Somebody's access code, as printed."""
    return codes.format_code("S", letter.people[number].code)


def sign(letter: Letter, number: int, *words: str, home: Path) -> Said:
    """``undersigned sign``, the access code on standard input."""
    return typed("sign", link(letter), "--yes", *words, stdin=access(letter, number) + "\n", home=home)


def count(letter: Letter) -> int:
    until(lambda: letter.status()["pending"] == 0)
    return int(letter.status()["count"])


def test_somebody_signs_changes_asks_and_withdraws(letter: Letter, tmp_path: Path) -> None:
    """The withdrawal code comes on stdout, alone; with it everything else is done from any machine."""
    signed = sign(letter, 0, home=tmp_path / "a")
    assert signed.code == 0, signed.err
    assert "Names are sealed. 2 of these" in signed.err
    assert f"Sign as {letter.people[0].record.name}" not in signed.out
    code = signed.out.strip()
    assert codes.parse_code("W", code)
    assert count(letter) == 1
    file = tmp_path / "code"
    file.write_text(code + "\n")
    asked = typed("counted", link(letter), "--code-file", file)
    assert (asked.code, "You are counted" in asked.err) == (0, True)
    told = typed("counted", link(letter), "--json", stdin=code + "\n")
    assert json.loads(told.out)["counted"] is True
    changed = typed("edit", link(letter), "--as", "anonymous", "--group", "reserve", "--code-file", file)
    assert changed.code == 0, changed.err
    assert count(letter) == 1
    otherwise = typed("edit", link(letter), "--code-file", file, stdin=access(letter, 0) + "\n")
    assert (otherwise.code, "spelt as on the roll" in otherwise.err) == (2, True)
    listed = letter.people[0].record
    as_listed = ["--group", listed.group, "--name", listed.name, "--title", listed.title]
    back = typed("edit", link(letter), *as_listed, "--code-file", file, stdin=access(letter, 0) + "\n")
    assert back.code == 0, back.err
    gone = typed("withdraw", link(letter), "--yes", "--code-file", file)
    assert gone.code == 0, gone.err
    assert count(letter) == 0
    again = typed("withdraw", link(letter), "--yes", "--code-file", file)
    assert again.code == 0, "asked again it is as done as before"
    asked = typed("counted", link(letter), "--code-file", file)
    assert (asked.code, "You have withdrawn" in asked.err) == (1, True)
    late = typed("edit", link(letter), "--as", "anonymous", "--group", "reserve", "--code-file", file)
    assert (late.code, "has been withdrawn" in late.err) == (1, True) or late.code != 0


def test_a_code_nobody_holds_says_the_same_whatever_it_is(letter: Letter, tmp_path: Path) -> None:
    """A withdrawal code of nobody, an access code of nobody, a code mistyped, no code at all."""
    stranger = codes.format_code("W", codes.code_from(os.urandom(20)))
    for command in ("withdraw", "counted"):
        said = typed(command, link(letter), *(["--yes"] if command == "withdraw" else []), stdin=stranger + "\n")
        assert said.code != 0
    unknown = codes.format_code("S", codes.code_from(os.urandom(20)))
    said = typed("sign", link(letter), "--yes", stdin=unknown + "\n", home=tmp_path / "b")
    assert said.code != 0
    assert not list((tmp_path / "b").rglob("*.json")), "nothing is kept of a code that is none"
    for wrong in ("S-7QK4", "", "W-7QK4-M2ZD-9XHF-R3TB-5WNE"):
        said = typed("sign", link(letter), "--yes", stdin=wrong + "\n", home=tmp_path / "c")
        assert (said.code, said.out) != (0, said.out)
    assert count(letter) == 0


def test_a_letter_its_trustees_have_not_approved_is_not_signed(site: Server, tmp_path: Path) -> None:
    """Before any code is asked for."""
    early = opened(site, approve=False)
    said = sign(early, 0, home=tmp_path)
    assert said.code != 0
    assert "approved" in said.err
    shown = typed("sign", link(early), "--show")
    assert (shown.code, "valley" in shown.err) == (0, True)


def test_a_public_letter_says_that_names_are_public(site: Server, tmp_path: Path) -> None:
    """And takes the withdrawal code as data."""
    public = opened(site, approve=True, public=True, check="codes")
    name = ["--name", "Testperson Public", "--group", "reserve", "--json"]
    said = sign(public, 0, *name, home=tmp_path)
    assert said.code == 0, said.err
    assert "Names are public at once." in said.err
    assert codes.parse_code("W", json.loads(said.out)["withdrawal_code"])
    until(lambda: b"Testperson Public" in public.get("objects.jsonl").body)


def at_a_terminal(*words: str, answers: list[tuple[str, str]], home: Path) -> tuple[int, str]:
    """A command at a terminal: each answer is typed when its question is on the screen. Exit code and screen."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "TERM": "xterm", "NO_COLOR": "1", "XDG_STATE_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "undersigned.cli.app", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
        preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(theirs)
    screen, waiting = "", list(answers)
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, screen
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            screen += part.decode("utf-8", "replace")
            if waiting and waiting[0][0] in screen:
                os.write(ours, waiting.pop(0)[1].encode() + b"\n")
        return process.wait(timeout=60), screen
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()


def _take_terminal() -> None:
    # A session of its own has no terminal yet: getpass asks /dev/tty.
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_at_a_terminal_codes_are_not_shown_and_a_no_is_a_no(letter: Letter, tmp_path: Path) -> None:
    """Asked for without echo; a no leaves nothing signed; the same command, with a yes, signs."""
    code = access(letter, 1)
    for answer, wanted in (("n", 0), ("y", 1)):
        status, screen = at_a_terminal(
            "sign", link(letter), answers=[("Access code", code), ("[y/N]", answer)], home=tmp_path / "t"
        )
        assert (status == 0) == (wanted == 1), screen
        assert code not in screen
        assert count(letter) == wanted
