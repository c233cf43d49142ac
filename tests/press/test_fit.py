"""Fitting names to a page: largest type size, even columns, no rivers, and the report when they do not fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from undersigned import press
from undersigned.press import DidNotFitError
from undersigned.press.papers import LARGEST

from .people import edition_from, people
from .setup import order, take_apart


@pytest.mark.parametrize("roll", ["en", "he"])
@pytest.mark.parametrize("style", ["list", "run-in"])
def test_the_next_grid_step_would_not_fit(roll: str, style: str) -> None:
    """The names' size is the largest: one step of 0.05 pt more fits in no number of columns."""
    taken = take_apart(order(roll, 400, style=style))
    names = taken.layout.names
    composer = taken.composer
    letter = taken.layout.letter[0].size
    area = composer.area(composer.heads(letter), composer.prose(letter))
    larger = round(names.size + (0.05 if style == "run-in" else 0.45), 2)
    assert composer.names(area, style, larger, larger) is None


@pytest.mark.parametrize("roll", ["en", "he", "ar"])
def test_run_in_columns_are_even_to_a_line_and_have_no_rivers(roll: str, tmp_path: Path) -> None:
    """Without group headings, columns differ by a line at most; no word gap is wider than half an em."""
    report = press.make_page(order(roll, 500, style="run-in", sections=False), tmp_path)
    assert report.fit.uneven <= 1
    assert report.fit.widest_gap <= 0.5


def test_list_columns_are_as_even_as_whole_entries_allow() -> None:
    """All columns but the last differ by less than the tallest entry."""
    names = take_apart(order("en", 300, sections=False)).layout.names
    heights = [sum(len(chunk.rows) for chunk in column) for column in names.dealt[0]]
    tallest = max(len(chunk.rows) for column in names.dealt[0] for chunk in column)
    assert max(heights[:-1]) - min(heights[:-1]) < tallest


def test_run_in_holds_more_names_than_a_list(tmp_path: Path) -> None:
    """The same names are set larger run-in."""
    sizes = {s: press.make_page(order("en", 400, style=s), tmp_path / s).fit.reached for s in ("list", "run-in")}
    assert sizes["run-in"] > sizes["list"]


def test_a_failed_fit_reports_size_capacity_widest_name_and_alternatives(tmp_path: Path) -> None:
    """Size reached, minimum and whose, capacity per style, excess, widest entry, alternatives."""
    rows = [*people("en", 1200), ("Bartholomew Counterrevolutionary-Interdisciplinary", "")]
    with pytest.raises(DidNotFitError) as refusal:
        press.make_page(order(edition=edition_from(rows), paper="petit-press"), tmp_path)
    report = refusal.value.report
    assert 2 <= report.reached < report.floor == 6.0
    assert report.whose == "Petit Press dailies"
    assert report.capacity["run-in"] > report.capacity["list"] > 0
    assert report.too_many == 1201 - report.capacity["list"]
    assert report.binding
    text = " ".join(report.ways_out)
    for way in ("titles", "larger space", "first"):
        assert way in text
    assert "1201 names" in str(refusal.value)


@pytest.mark.parametrize("style", ["list", "run-in"])
def test_the_reported_capacity_is_accurate(style: str, tmp_path: Path) -> None:
    """As many names as the report says the page holds do fit; a tenth more do not."""
    with pytest.raises(DidNotFitError) as refusal:
        press.make_page(order("en", 3000, style=style), tmp_path)
    capacity = refusal.value.report.capacity[style]
    press.make_page(order("en", int(capacity * 0.95), style=style), tmp_path)
    with pytest.raises(DidNotFitError):
        press.make_page(order("en", int(capacity * 1.12), style=style), tmp_path)


def test_the_suggested_page_grows_in_width_once_its_height_is_at_the_maximum(tmp_path: Path) -> None:
    """A tall page for six times what it holds: with its proportions it would be too tall. The suggested size fits."""
    rows = [(name, "of the river and the bridge and the market of the town") for name, _ in people("en", 2000)]
    edition = edition_from(rows)
    with pytest.raises(DidNotFitError) as refusal:
        press.make_page(order(edition=edition, paper="200x700 mm"), tmp_path)
    way = next(way for way in refusal.value.report.ways_out if "larger space" in way)
    width, height = map(int, re.findall(r"\d+", way))
    assert height == LARGEST
    report = press.make_page(order(edition=edition, paper=f"{width}x{height} mm", proof_ppi=20), tmp_path)
    assert report.read_back["entries"] == 2000


def test_the_report_says_when_no_newspaper_page_is_large_enough(tmp_path: Path) -> None:
    """Only sizes that were tried are suggested, and the sentence names the largest."""
    with pytest.raises(DidNotFitError, match="up to 1200 x 1200 mm") as refusal:
        press.make_page(order("en", 3000, text="Word and word again. " * 60_000), tmp_path)
    assert not any("larger space" in way for way in refusal.value.report.ways_out)


def test_ten_thousand_names_are_refused_quickly(tmp_path: Path) -> None:
    """In either style, an impossible order fails fast."""
    for style in ("list", "run-in"):
        with pytest.raises(DidNotFitError):
            press.make_page(order("en", 10_000, style=style, paper="371x528 mm"), tmp_path)


def test_a_letter_longer_than_the_page_suggests_shortening_it(tmp_path: Path) -> None:
    """A text of several pages is not squeezed."""
    with pytest.raises(DidNotFitError, match="shorten the letter"):
        press.make_page(order("en", 10, text="Word and word again. " * 4000), tmp_path)


def test_the_letters_size_can_be_fixed() -> None:
    """The organiser may choose it."""
    assert take_apart(order("en", 100, letter_size=10.5)).layout.letter[0].size == 10.5


@pytest.mark.slow
@pytest.mark.parametrize(("roll", "pages"), [("he", 1), ("en", 2), ("mixed", 2)])
def test_three_thousand_names_fit_on_large_pages(roll: str, pages: int, tmp_path: Path) -> None:
    """Run-in on one broadsheet or on a spread of two: every name read back, above the paper's floor."""
    wanted = order(roll, 3000, style="run-in", pages=pages, paper="371x528 mm", proof_ppi=20)
    report = press.make_page(wanted, tmp_path)
    assert report.read_back["entries"] == report.read_back["of"] == 3000
    assert report.fit.reached >= report.fit.floor
