"""The rehearsal and the demo, small, as they are typed; and the parts whose failure must be seen."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from undersigned.cli.rehearsal import leaks, needles, outdir, people, plan, search
from undersigned.cli.server import Server, free_port
from undersigned.client.errors import InputError
from web.server import until

from .conftest import typed

SMALL = ("--signatories", "40", "--withdraw", "3", "--join", "2", "--initials", "2", "--anonymous", "4")


@pytest.mark.slow
def test_a_letter_s_whole_life_comes_out_as_planned(tmp_path: Path) -> None:
    """Real keys, real HTTP, a real server and database; the edition rebuilt by a process that shares nothing."""
    said = typed("rehearse", *SMALL, "--seed", "7", "--out", tmp_path / "out", "--json")
    assert said.code == 0, said.err
    summary = json.loads(said.out)
    assert summary == json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["ok"]
    measured = summary["measured"]
    assert measured == summary["planned"]
    assert (measured["signed"], measured["withdrawn"], measured["standing"], measured["struck"]) == (42, 3, 39, 1)
    assert (measured["since added"], measured["since withdrawn"]) == (2, 3)
    assert (measured["initials"], measured["anonymous"], measured["named"]) == (2, 4, 32)
    assert measured["names on the server's disk"] == 0
    assert (measured["codes mailed"], measured["standing by mailed codes"]) == (3, 2)
    assert measured["different answers to who asks for a code"] == 1
    assert summary["leaks"]["control"] == "found"
    assert {"signatures", "blind signatures", "signatures verified"} <= set(summary["rates"])
    for page in summary["pages"]:
        assert (tmp_path / "out" / "pages" / page["page"] / "page.pdf").read_bytes().startswith(b"%PDF")
    assert not list((tmp_path / "out" / "trustees").glob("*.age"))
    again = typed("verify", tmp_path / "out" / "bundle", "--json")
    assert json.loads(again.out)["editions"][0]["id"] == summary["edition"]


@pytest.mark.slow
def test_a_rehearsal_on_a_site_that_is_there(site: Server, tmp_path: Path) -> None:
    """Its disk is not ours, so it is not searched, and the summary says so."""
    words = ("--signatories", "12", "--withdraw", "1", "--join", "1", "--initials", "1", "--anonymous", "1")
    server = ("--server", site.url, "--token-file", site.token_file)
    said = typed("rehearse", *words, *server, "--out", tmp_path / "out", "--json")
    assert said.code == 0, said.err
    summary = json.loads(said.out)
    assert "not searched" in summary["leaks"]
    assert "names on the server's disk" not in summary["planned"]


@pytest.mark.slow
def test_the_demo_leaves_a_letter_that_can_be_signed(tmp_path: Path) -> None:
    """It says what to look at, then serves until it is stopped; its port and folder are its own."""
    out, port = tmp_path / "demo", str(free_port())
    words = ("demo", "--out", out, "--port", port, "--signatories", "20")
    log = tmp_path / "said"
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "undersigned.cli.app", *map(str, words)], stderr=file, stdin=subprocess.DEVNULL
        )
    try:
        until(lambda: "Ctrl-C stops the site." in log.read_text() or running.poll() is not None, 240)
        said = log.read_text()
        assert running.poll() is None, said
        assert f"http://127.0.0.1:{port}/ in a browser" in said.splitlines()[1], "it opens with what to look at"
        for slug in ("mill-bridge", "river-path"):
            assert f"http://127.0.0.1:{port}/{slug}/#" in said
        assert (out / "second" / "letter" / "roll" / "codes.csv").stat().st_mode & 0o777 == 0o600
        taken = typed(*words)
        assert taken.code == 2
        assert f"Port {port} is in use" in taken.err
        link = next(w.strip("'") for w in said.split() if "mill-bridge/#" in w)
        code = next(w for w in said.split() if w.startswith("S-"))
        signing = ("sign", link, "--as", "name", "--name", "Tova Testwell", "--group", "reserve", "--yes")
        signed = typed(*signing, stdin=f"{code}\n", home=tmp_path)
        assert signed.code == 0, signed.err
        assert signed.out.startswith("W-")
        assert code not in signed.out + signed.err
    finally:
        running.terminate()
        assert running.wait(60) == 0


@pytest.mark.slow
def test_a_demo_that_ends_speaks_of_nothing_that_is_gone(tmp_path: Path) -> None:
    """With --exit there is no site to look at and no Ctrl-C to press; the command it shows works as it is printed."""
    words = ("demo", "--port", str(free_port()), "--signatories", "20", "--exit")
    for _ in range(2):  # the second time over the first
        said = typed(*words, cwd=tmp_path)
        assert said.code == 0, said.err
    assert "Ctrl-C" not in said.err
    assert "http://" not in said.err
    for line in said.err[said.err.index("Look at:") :].splitlines()[1:]:
        if not line.strip():
            break
        assert (tmp_path / line.strip()).is_file(), line
    command = said.err.strip().splitlines()[-1]
    assert "verify demo/bundle" in command
    checked = subprocess.run(shlex.split(command), cwd=tmp_path, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr.decode()


def test_a_folder_that_no_rehearsal_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    for words in (("rehearse", *SMALL), ("demo", "--port", str(free_port()), "--exit")):
        said = typed(*words, "--out", tmp_path)
        assert said.code == 2
        assert "it was not changed" in said.err
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_folder_of_ours_is_emptied_links_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    out = outdir.prepare(tmp_path / "out")
    (out / "old").mkdir()
    (out / "link").symlink_to(outside)
    assert sorted(path.name for path in outdir.prepare(out).iterdir()) == [outdir.MARK]
    assert (outside / "kept").exists()


@pytest.mark.parametrize(
    "size",
    [
        plan.Size(signatories=5, initials=3, anonymous=3),
        plan.Size(signatories=30, withdraw=30, anonymous=0, initials=0),
        plan.Size(threshold=1),
        plan.Size(trustees=2, threshold=3),
        plan.Size(join=-1),
    ],
)
def test_figures_that_do_not_go_together_are_refused(size: plan.Size) -> None:
    with pytest.raises(InputError):
        plan.make(size)


def test_the_figures_of_the_issue_follow_from_the_plan() -> None:
    figures = plan.make(plan.Size()).figures()
    assert (figures["signed"], figures["withdrawn"], figures["standing"]) == (1008, 25, 983)
    assert figures["named"] + figures["initials"] + figures["anonymous"] + figures["struck"] == 983
    assert sum(value for name, value in figures.items() if name.startswith("group ")) == 982


def test_the_seed_makes_the_people_and_all_are_different() -> None:
    once, again, other = people.invent(1, 1500), people.invent(1, 1500), people.invent(2, 1500)
    assert once == again != other
    names = [person.record.name for person in once]
    assert len(set(names)) == 1500
    for first, last in (("A", "z"), ("א", "ת"), ("ا", "ي"), ("А", "я")):
        assert any(first <= name[0] <= last for name in names)


NAMES = ["Ada Millward", "נועה בן־מעגן", "أمل البحري", "Фёдор Приbоев"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_encoding_is_found_wherever_it_lies(name: str) -> None:
    finder = search.Finder(needles.all_needles([name]))
    for needle in needles.needles(name):
        for before in range(9):
            hay = os.urandom(before) + needle + os.urandom(7)
            assert any(at <= before for at, _ in finder.find(hay)), needle


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shift", range(6))
def test_a_name_inside_encoded_text_is_found(name: str, shift: int) -> None:
    """Not only the name encoded, but the name somewhere in what was encoded, at every alignment."""
    import base64

    data = b"x" * shift + name.encode() + b"yyyy"
    finder = search.Finder(needles.all_needles([name]))
    for text in (base64.b64encode(data), base64.urlsafe_b64encode(data), data.hex().encode()):
        assert list(finder.find(text)), text


def test_nothing_is_found_where_nothing_is() -> None:
    finder = search.Finder(needles.all_needles(NAMES))
    assert list(finder.find(os.urandom(300_000))) == []


def test_a_name_in_a_database_a_zip_and_a_path_is_found(tmp_path: Path) -> None:
    import gzip
    import sqlite3
    import zipfile

    base = sqlite3.connect(tmp_path / "x.sqlite3")
    with base:
        base.execute("CREATE TABLE t (a, b)")
        # Long enough to lie across pages, where the bytes of the file do not show it in one piece.
        base.executemany(
            "INSERT INTO t VALUES (?, ?)", [("z" * n + NAMES[0] + "z" * 9000, b"") for n in range(4000, 4300)]
        )
    base.close()
    (tmp_path / "b.gz").write_bytes(gzip.compress(NAMES[1].encode()))
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", (NAMES[2] * 9).encode())
    (tmp_path / NAMES[3]).write_bytes(b"")
    found = leaks.search(tmp_path, NAMES)
    assert found.databases == 1
    assert {number for _, number in found.hits} == {0, 1, 2, 3}
    assert any("table t" in where for where, _ in found.hits)


def test_the_control_fails_where_the_search_is_blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(bytes(1000))
    leaks.control(tmp_path, NAMES, 1)
    monkeypatch.setattr(leaks, "_contents", lambda *_: iter(()))
    with pytest.raises(leaks.LeakError, match="control failed"):
        leaks.control(tmp_path, NAMES, 2)
