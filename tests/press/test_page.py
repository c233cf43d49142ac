"""A page from order to files."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from undersigned import press
from undersigned.press.sheet import MM

from .people import LETTERS, edition_from, edition_of, people
from .setup import cmyk_profile, order, run, take_apart


@pytest.mark.parametrize("roll", ["en", "he", "ar", "ru", "el", "ja", "mixed"])
@pytest.mark.parametrize("style", ["list", "run-in"])
def test_a_page_in_every_script_holds_its_names(roll: str, style: str, tmp_path: Path) -> None:
    """Latin, Hebrew, Arabic, Cyrillic, Greek, CJK and mixed rolls fit, preflight and read back completely."""
    report = press.make_page(order(roll, 90, style=style), tmp_path)
    assert report.read_back["entries"] == report.read_back["of"] == 90
    assert report.preflight["findings"] == []
    assert {p.name for p in tmp_path.iterdir()} == {"page.pdf", "page.png", "report.json"}


@pytest.mark.parametrize("design", ["classic", "plain", "names-first"])
def test_every_design_sets_the_same_model(design: str, tmp_path: Path) -> None:
    """The three designs hold the same names."""
    report = press.make_page(order("he", 90, design=design), tmp_path)
    assert report.read_back["entries"] == 90
    assert report.design == design


def test_the_report_says_what_was_written(tmp_path: Path) -> None:
    """report.json carries the hashes of the files, the fonts, and what to ask the paper."""
    report = press.make_page(order(), tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["files"]["page.pdf"] == hashlib.sha256((tmp_path / "page.pdf").read_bytes()).hexdigest()
    assert written["files"]["page.png"] == hashlib.sha256((tmp_path / "page.png").read_bytes()).hexdigest()
    assert report.sha256 == written["files"]["page.pdf"]
    assert "SourceSerif4[opsz,wght].ttf" in written["fonts"]
    assert any("ICC" in question for question in written["ask"])


def test_the_same_order_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Two processes with different hash seeds, in different folders, write the same SHA-256."""
    program = (
        "import sys; from pathlib import Path; from press.setup import order; from undersigned import press\n"
        "for roll in ('en', 'he'): print(press.make_page(order(roll, 80, style='run-in'), Path(sys.argv[1])).sha256)\n"
    )
    found = []
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"}
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", program, "out"], cwd=folder, env=environment, capture_output=True, check=True
        )
        found.append(done.stdout)
    assert found[0] == found[1]
    ours = press.make_page(order("en", 80, style="run-in"), tmp_path / "here").sha256
    assert ours.encode() in found[0]


_ELSEWHERE = """
import sys
from pathlib import Path
from press.setup import order
from undersigned import press
assert press.__file__.startswith(sys.argv[2]), press.__file__
out = Path(sys.argv[1])
for roll, style, design in (("en", "run-in", "classic"), ("he", "list", "names-first"), ("mixed", "list", "plain")):
    made = press.make_page(order(roll, 80, style=style, design=design), out / roll)
    print(sorted(made.files.items()), sorted(made.fonts.items()))
print(press.make_archive(order("ar", 80), out / "archive").files)
"""


def test_another_checkout_writes_the_same_bytes(tmp_path: Path) -> None:
    """The sources copied elsewhere; another home, time zone and language: the same SHA-256 throughout."""
    root = Path(press.__file__).parents[3]
    found = []
    places = ((root, "UTC", "C.UTF-8"), (tmp_path / "another", "Asia/Tokyo", "de_DE.UTF-8"))
    for place, zone, language in places:
        if place != root:
            for part in ("src", "tests/press", "tests/letterworld.py"):
                copy = shutil.copytree if (root / part).is_dir() else shutil.copy
                (place / part).parent.mkdir(parents=True, exist_ok=True)
                copy(root / part, place / part)
        home = tmp_path / f"home-{zone.replace('/', '-')}"
        home.mkdir()
        environment = {
            "PATH": "/usr/bin:/bin", "PYTHONPATH": f"{place}/src:{place}/tests", "HOME": str(home), "TZ": zone,
            "LANG": language, "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(home / "out"), str(place)],
            cwd=home, env=environment, capture_output=True, check=False, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1]
    assert found[0].count("page.pdf") == 3


def test_the_timestamp_comes_in_and_shows(tmp_path: Path) -> None:
    """Another date, other bytes: nothing reads a clock, and the date is not ignored."""
    first = press.make_page(order(), tmp_path / "a")
    second = press.make_page(order(timestamp=order().timestamp.replace(day=2)), tmp_path / "b")
    assert first.sha256 != second.sha256
    assert b"D:20261201060000Z" in (tmp_path / "a/page.pdf").read_bytes()


def test_the_file_is_exactly_the_booked_size(tmp_path: Path) -> None:
    """Size in mm and in inches, with no marks and no bleed."""
    report = press.make_page(order(paper="10x12 in"), tmp_path)
    assert (report.width_mm, report.height_mm) == (254.0, 304.8)
    assert f"{round(254 * MM, 3):g}".encode() in (tmp_path / "page.pdf").read_bytes()


def test_titles_can_be_left_out(tmp_path: Path) -> None:
    """Without titles the type is larger and the titles are not on the page."""
    with_titles = press.make_page(order("en", 400), tmp_path / "a")
    without = press.make_page(order("en", 400, titles=False), tmp_path / "b")
    assert without.fit.reached > with_titles.fit.reached
    assert without.read_back["characters"] < with_titles.read_back["characters"]


def test_a_letter_in_two_languages_is_side_by_side(tmp_path: Path) -> None:
    """A Hebrew text next to the English one, in its own direction, with no collisions."""
    title, text = LETTERS["he"]
    wanted = order("en", 150, paper="326x480 mm", beside=press.Beside("he", title, text))
    report = press.make_page(wanted, tmp_path)
    assert report.read_back["entries"] == 150


def test_a_spread_is_two_pages_of_the_booked_size(tmp_path: Path) -> None:
    """What does not fit one page fits two, names in order across both."""
    wanted = order("en", 900, style="run-in")
    with pytest.raises(press.DidNotFitError):
        press.make_page(wanted, tmp_path)
    report = press.make_page(replace(wanted, pages=2), tmp_path)
    assert report.preflight["pages"] == 2
    assert report.read_back["entries"] == 900
    assert (tmp_path / "page-2.png").is_file()


def test_the_first_names_and_where_the_rest_are(tmp_path: Path) -> None:
    """With ``first``, so many names are printed and the page says how many more there are."""
    report = press.make_page(order("en", 500, first=120), tmp_path)
    assert report.read_back["of"] == 120


def test_anonymous_signatories_are_counted_and_not_named(tmp_path: Path) -> None:
    """An edition of 20 names and 5 anonymous says 25 and prints 20."""
    report = press.make_page(order(edition=edition_of("en", 20, anonymous=5)), tmp_path)
    assert report.read_back["of"] == 20


@pytest.mark.parametrize("number", [1, 2, 25])
def test_few_names_make_a_page(number: int, tmp_path: Path) -> None:
    """One, two and twenty-five names are set in type no larger than the letter's."""
    report = press.make_page(order("en", number), tmp_path)
    assert report.read_back["entries"] == number
    assert report.fit.reached <= report.fit.letter_size


def test_a_count_with_much_to_explain_takes_the_lines_it_needs(tmp_path: Path) -> None:
    """On a narrow page the sentences about the count wrap; they never overlap the names."""
    crowd = edition_from(people("en", 60), anonymous=1234)
    report = press.make_page(order(edition=crowd, first=20, paper="120x300 mm"), tmp_path)
    assert report.fit.names == 20
    shown = " ".join(run("pdftotext", tmp_path / "page.pdf", "-").split())
    assert "1,234 of them are counted and not named." in shown
    assert "The names of 40 more signatories are at the address" in shown


@pytest.mark.parametrize("paper", ["246x371 mm", "371x528 mm"])
def test_with_few_signatories_the_headline_is_still_larger_than_the_letter(paper: str) -> None:
    """One name: headline over letter, the count no smaller than four fifths of it."""
    taken = take_apart(order("he", 1, paper=paper))
    letter = taken.layout.letter[0].size
    assert all(head.size > 1.25 * letter for head in taken.composer.heads(letter))
    assert taken.composer._count(letter).size >= 0.8 * letter - 0.01


def test_an_edition_without_names_makes_a_page(tmp_path: Path) -> None:
    """A letter whose signatories are all anonymous prints their number."""
    report = press.make_page(order(edition=edition_from([], anonymous=40)), tmp_path)
    assert report.read_back["of"] == 0


def test_progress_only_rises_and_ends_at_one(tmp_path: Path) -> None:
    """The callback hears rising shares, the last of them 1."""
    heard: list[float] = []
    press.make_page(order(), tmp_path, progress=lambda _what, share: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


@pytest.mark.parametrize(
    ("flavour", "paper", "version"),
    [
        ("PDF/X-1a:2001", "mf-dnes", b"%PDF-1.3"),
        ("PDF/X-1a:2003", "24-chasa", b"%PDF-1.4"),
        ("PDF/X-4", "sueddeutsche-tabloid", b"%PDF-1.6"),
    ],
)
def test_each_flavour_of_pdfx(flavour: str, paper: str, version: bytes, tmp_path: Path) -> None:
    """X-1a:2001, X-1a:2003 and X-4, each with its version and its statement."""
    report = press.make_page(order(paper=paper, icc=cmyk_profile() if flavour == "PDF/X-4" else None), tmp_path)
    data = (tmp_path / "page.pdf").read_bytes()
    assert report.flavour == flavour
    assert data.startswith(version)
    assert b"GTS_PDFX" in data


def test_x4_without_the_papers_profile_is_refused(tmp_path: Path) -> None:
    """The error says to ask the paper for its ICC file; nothing is written."""
    with pytest.raises(press.PaperError, match="ask the paper for the ICC file"):
        press.make_page(order(paper="sueddeutsche"), tmp_path)
    with pytest.raises(press.PaperError, match="not a CMYK output profile"):
        press.make_page(order(paper="sueddeutsche", icc=b"RGB" * 100), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        {"style": "spiral"},
        {"design": "baroque"},
        {"paper": "no-such-paper"},
        {"paper": "1x1 mm"},
        {"edition": b"{}"},
        {"title": " "},
        {"pages": 3},
        {"first": 0},
        {"timestamp": order().timestamp.replace(tzinfo=None)},
        {"size": "254x533 mm"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_order_that_makes_no_sense_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """OrderError, and nothing written."""
    with pytest.raises(press.OrderError):
        press.make_page(order(**change), tmp_path)
    assert not list(tmp_path.iterdir())
