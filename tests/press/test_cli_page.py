"""The ``undersigned page`` commands, end to end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from undersigned.cli.app import run
from undersigned.protocol import base64url, canonical, manifest
from undersigned.protocol.edition import parse

from .people import GROUPS, LETTERS, edition_from, edition_of
from .setup import WHEN


def _key(name: str, length: int = 32) -> str:
    return base64url.encode((hashlib.sha256(name.encode()).digest() * 40)[:length])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of a letter in English and Hebrew with one edition of 80 invented people."""
    where = tmp_path / "bundle"
    (where / "text").mkdir(parents=True)
    (where / "editions/1").mkdir(parents=True)
    (where / "log").mkdir()
    (where / "log/checkpoint").write_text("letters.example.org/air-crew\n")
    for lang in ("en", "he"):
        (where / f"text/{lang}.md").write_text(LETTERS[lang][1], "utf-8")
    letter = {
        "type": "manifest",
        "v": 1,
        "origin": "letters.example.org/air-crew",
        "title": {lang: LETTERS[lang][0] for lang in ("en", "he")},
        "text": {lang: manifest.text_digest(LETTERS[lang][1].encode()) for lang in ("en", "he")},
        "groups": [{"id": g, "name": {lang: GROUPS[lang][g] for lang in ("en", "he")}} for g in ("reserve", "retired")],
        "names": "public",
        "anonymous": "forbidden",
        "eligibility": {"check": "mail"},
        "registrars": [_key("registrar", 398)],
        "trustees": [],
        "threshold": 0,
        "organiser": _key("organiser"),
        "log": _key("log"),
        "batch": {"min": 1, "wait": 0},
        "release": {
            "signatures": 0,
            "not_before": WHEN.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "grace": 0,
            "abandon_after": "2027-12-01T06:00:00Z",
        },
    }
    (where / "manifest.json").write_bytes(canonical.encode(letter))
    (where / "editions/1/edition.json").write_bytes(edition_of("he", 80))
    return where


def _make(bundle: Path, out: Path, *more: str) -> list[str]:
    return [
        "page", "make", "--bundle", str(bundle), "--paper", "24-chasa", "--lang", "he", "--imprint", "An example",
        "--out", str(out), *more,
    ]  # fmt: skip


def test_a_page_is_made_from_a_bundle(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command; what was proved goes to stderr; exit status 0."""
    assert run(_make(bundle, tmp_path / "out", "--style", "run-in", "--design", "plain")) == 0
    said = capsys.readouterr().err
    assert "80 of 80 names" in said
    assert hashlib.sha256((tmp_path / "out/page.pdf").read_bytes()).hexdigest() in said


def test_the_bundle_alone_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """Without --date the letter's own date is used, not the clock's."""
    assert run(_make(bundle, tmp_path / "a")) == run(_make(bundle, tmp_path / "b")) == 0
    assert (tmp_path / "a/page.pdf").read_bytes() == (tmp_path / "b/page.pdf").read_bytes()


def test_json_goes_to_stdout(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints the report; if nothing fits, the report on the failed fit, with exit status 1."""
    assert run(_make(bundle, tmp_path / "out", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["read_back"]["entries"] == 80
    (bundle / "editions/1/edition.json").write_bytes(edition_of("he", 4000))
    assert run(_make(bundle, tmp_path / "out", "--json")) == 1
    answer = capsys.readouterr()
    assert json.loads(answer.out)["too_many"] > 0
    assert "names fit only at" in answer.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--paper", "haaretz"], "ask them for"),
        (["--lang", "fr"], "it is in en, he"),
        (["--style", "spiral"], "no style"),
        (["--edition", "7"], "no edition 7"),
        (["--date", "soon"], "--date"),
        (["--icc", "/nonexistent.icc"], "cannot be read"),
        (["--paper", "sueddeutsche"], "ICC"),
    ],
)
def test_misuse_is_one_sentence_and_exit_status_2(
    more: list[str], said: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback; the sentence says what to do."""
    assert run(_make(bundle, tmp_path / "out", *more)) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_text_with_another_hash_than_the_manifests_is_refused(bundle: Path, tmp_path: Path) -> None:
    """The manifest's hash decides which text may be printed."""
    (bundle / "text/he.md").write_text("Another text", "utf-8")
    assert run(_make(bundle, tmp_path / "out")) == 2


def test_two_languages_on_one_page(bundle: Path, tmp_path: Path) -> None:
    """--beside sets the second language on the same page."""
    assert run(_make(bundle, tmp_path / "out", "--beside", "en", "--style", "run-in")) == 0


def test_papers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """As a table for people, as JSON with sources for programs."""
    assert run(["page", "papers"]) == 0
    assert "24-chasa" in capsys.readouterr().err
    assert run(["page", "papers", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) >= 14
    assert all("sources" in row for row in rows)


def test_archive_and_placard(bundle: Path, tmp_path: Path) -> None:
    """``page archive`` and ``page placard`` write their files."""
    out = str(tmp_path / "out")
    assert run(["page", "archive", "--bundle", str(bundle), "--lang", "he", "--out", out]) == 0
    where = ["--title", "A letter", "--address", "https://a.example/x", "--lang", "en", "--out", out]
    assert run(["page", "placard", *where, "--line", "Come and sign."]) == 0
    assert (tmp_path / "out/archive.pdf").is_file()
    assert (tmp_path / "out/placard.pdf").is_file()


def test_changed_names_are_reported(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name with an emoji and one in Georgian: the page is made, and each is reported with its key and the change."""
    names = ("Ada Example", "Melody \u2728", "\u10d0\u10dc\u10d0 \u10dc\u10d8\u10db\u10e3\u10e8\u10d8")
    edition = edition_from([(name, "") for name in names])
    (bundle / "editions/1/edition.json").write_bytes(edition)
    rows = {row.name: row.key for row in parse(edition).roll}
    georgian = next(name for name in rows if name.startswith("\u10d0"))
    assert run(_make(bundle, tmp_path / "out")) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "printed as 'Melody'" in said
    assert rows["Melody \u2728"] in said.replace(" ", "")
    assert "listed at the address" in said
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps({rows[georgian]: {"name": "Ana Nimushi"}, rows["Melody \u2728"]: "set-aside"}))
    assert run(_make(bundle, tmp_path / "again", "--decisions", str(decisions))) == 0
    report = json.loads((tmp_path / "again/report.json").read_text())
    assert {change["name"] for change in report["mended"]} == {"Ana Nimushi", ""}
    assert run(_make(bundle, tmp_path / "never", "--missing", "refuse")) == 1
    assert run(_make(bundle, tmp_path / "never", "--missing", "guess")) == 2
    decisions.write_text("[]")
    assert run(_make(bundle, tmp_path / "never", "--decisions", str(decisions))) == 2
    archive = ["page", "archive", "--bundle", str(bundle), "--lang", "en", "--out", str(tmp_path / "pdf")]
    assert run(archive) == 0
    assert "listed at the address" in " ".join(capsys.readouterr().err.split())
