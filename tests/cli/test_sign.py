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
from undersigned.client import pending_signature, signer
from undersigned.client.letter import connect, fetch_letter
from undersigned.client.link import parse_link
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
    """One person's access code, as printed."""
    return codes.format_code("S", letter.people[number].code)


def sign(letter: Letter, number: int, *words: str, home: Path) -> Said:
    """``undersigned sign``, the access code on standard input."""
    how = [] if "--as" in words else ["--as", "name"]
    return typed("sign", link(letter), "--yes", *how, *words, stdin=access(letter, number) + "\n", home=home)


def count(letter: Letter) -> int:
    until(lambda: letter.status()["pending"] == 0)
    return int(letter.status()["count"])


def test_somebody_signs_changes_asks_and_withdraws(letter: Letter, tmp_path: Path) -> None:
    """The withdrawal code comes on stdout, alone; with it everything else is done from any machine."""
    signed = sign(letter, 0, home=tmp_path / "a")
    assert signed.code == 0, signed.err
    assert "Names are sealed. Any 2 of these" in signed.err
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
    listed = letter.people[0].record
    named: list[str | Path] = ["--as", "name", "--code-file", file]
    for what, wrong in (("group", "reserve"), ("name", "Somebody Else"), ("title", "Gen.")):
        assert getattr(listed, what) != wrong
        otherwise = typed("edit", link(letter), *named, f"--{what}", wrong, stdin=access(letter, 0) + "\n")
        assert (otherwise.code, f"as your {what}, which cannot be changed" in " ".join(otherwise.err.split())) == (
            2,
            True,
        ), otherwise.err
    back = typed("edit", link(letter), *named, stdin=access(letter, 0) + "\n")
    assert back.code == 0, back.err
    assert count(letter) == 1
    gone = typed("withdraw", link(letter), "--yes", "--code-file", file)
    assert (gone.code, "Withdrawn." in gone.err) == (0, True), gone.err
    assert count(letter) == 0
    again = typed("withdraw", link(letter), "--yes", "--code-file", file)
    assert (again.code, "was already withdrawn" in again.err) == (0, True), again.err
    asked = typed("counted", link(letter), "--code-file", file)
    assert (asked.code, "You have withdrawn" in asked.err) == (1, True)
    late = typed("edit", link(letter), "--as", "anonymous", "--group", "reserve", "--code-file", file)
    assert (late.code, "has been withdrawn" in late.err) == (2, True)


@pytest.mark.parametrize("kept", [True, False])
def test_a_lost_answer_is_asked_for_again(letter: Letter, tmp_path: Path, kept: bool) -> None:
    """Stopped after the log took it: the same bytes give the receipt; without them its no is said as that."""
    home, code = tmp_path / "lost", letter.people[2].code
    where = parse_link(link(letter))
    with connect(where) as http:
        known = fetch_letter(http, where)
        begun = pending_signature.begin(known, code, home / "undersigned")
        activated = signer.activate(http, known, code, begun.signer, begun.blinded)
        choice = signer.Choice(as_="name")
        payload = signer.make_payload(known, choice, activated.place, activated.record)
        prepared = signer.prepare(known, begun.signer, [activated.credential], payload, seq=0)
        if kept:
            begun.keep(prepared)
        signer.post_prepared(http, known, prepared)
    again = sign(letter, 2, "--as", "anonymous", home=home)
    assert again.code == 0, again.err
    assert again.out.strip() == begun.signer.withdrawal_code
    said = "resent exactly as you" if kept else "already has the signature you sent from here"
    assert said in again.err
    assert ("include your signature by" in again.err) == kept
    assert list(home.rglob("pending-*")) == []
    assert count(letter) == 1


def test_nothing_about_a_person_is_chosen_for_them(letter: Letter, site: Server, tmp_path: Path) -> None:
    """Neither how one is shown nor one's group: without a word on it nothing is signed or changed, and no code used."""
    said = typed("sign", link(letter), "--yes", stdin=access(letter, 3) + "\n", home=tmp_path / "n")
    assert (said.code, "How should your name appear? Choose with --as" in said.err) == (2, True)
    public = opened(site, approve=True, public=True, check="codes")
    groupless = sign(public, 0, "--name", "Testperson", home=tmp_path / "n")
    assert (groupless.code, "choose a group: one of reserve, retired" in groupless.err.lower()) == (2, True)
    assert (letter.status()["activated"], public.status()["activated"]) == (0, 0)
    assert not (tmp_path / "n").exists(), "nothing was begun"
    signed = sign(letter, 3, home=tmp_path / "n")
    file = tmp_path / "mine"
    file.write_text(signed.out)
    count(letter)
    how = typed("edit", link(letter), "--code-file", file)
    assert (how.code, "Choose with --as" in how.err) == (2, True)
    bare = typed("edit", link(letter), "--as", "initials", "--name", "T. P.", "--code-file", file, stdin="\n")
    assert bare.code == 2, "the group comes from the access code, which is asked for"
    size = letter.status()["count"]
    changed = typed(
        "edit", link(letter), "--as", "initials", "--name", "T. P.", "--code-file", file, stdin=access(letter, 3) + "\n"
    )
    assert (changed.code, letter.status()["count"]) == (0, size), changed.err


def test_waiting_is_said_as_waiting(site: Server, tmp_path: Path) -> None:
    """A signature that waits for its batch and one that never was look the same in the log, and neither is denied."""
    slow = opened(site, approve=True, batch=(100, 7200))
    signed = sign(slow, 0, home=tmp_path)
    assert signed.code == 0, signed.err
    assert "include your signature by 20" in signed.err
    file = tmp_path / "mine"
    file.write_text(signed.out)
    stranger = tmp_path / "stranger"
    stranger.write_text(codes.format_code("W", codes.code_from(os.urandom(20))))
    for who in (file, stranger):
        asked = typed("counted", link(slow), "--code-file", who)
        assert asked.code == 3
        assert "Not in the log yet. A new signature waits" in asked.err
        assert "up to 2 hours" in asked.err
        told = typed("counted", link(slow), "--json", "--code-file", who)
        assert (told.code, json.loads(told.out)["state"]) == (3, "not-in-log")
        early = typed("edit", link(slow), "--as", "anonymous", "--group", "reserve", "--code-file", who)
        assert (early.code, "in the log (yet)" in early.err) == (3, True)


def test_a_code_nobody_holds_says_the_same_whatever_it_is(letter: Letter, tmp_path: Path) -> None:
    """An unknown withdrawal code, an unknown access code, a mistyped code, no code at all."""
    stranger = codes.format_code("W", codes.code_from(os.urandom(20)))
    for command in ("withdraw", "counted"):
        said = typed(command, link(letter), *(["--yes"] if command == "withdraw" else []), stdin=stranger + "\n")
        assert said.code != 0
    unknown = codes.format_code("S", codes.code_from(os.urandom(20)))
    said = typed("sign", link(letter), "--as", "name", "--yes", stdin=unknown + "\n", home=tmp_path / "b")
    assert said.code != 0
    assert not list((tmp_path / "b").rglob("*.json")), "nothing is kept of a code that is none"
    for wrong in ("S-7QK4", "", "W-7QK4-M2ZD-9XHF-R3TB-5WNE"):
        said = typed("sign", link(letter), "--as", "name", "--yes", stdin=wrong + "\n", home=tmp_path / "c")
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
    assert "Names are public immediately." in said.err
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
            "sign",
            link(letter),
            answers=[("anonymous)", "name"), ("Access code", code), ("[y/N]", answer)],
            home=tmp_path / "t",
        )
        assert (status == 0) == (wanted == 1), screen
        assert code not in screen
        assert count(letter) == wanted
