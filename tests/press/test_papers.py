"""Papers as data: every figure has a source, unknown ones stay unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned.press import OrderError, PaperError, list_papers
from undersigned.press.papers import DIDOT, FLAVOURS, find_paper, parse_paper

GOOD = 'id = "x"\nname = "X"\ncountry = "XX"\nwhat = "full page"\n'


def test_at_least_fourteen_papers_are_shipped() -> None:
    """Twelve of them with a size; ids are the names of their files."""
    known = list_papers()
    assert len(known) >= 14
    assert sum(paper.width is not None for paper in known.values()) >= 12
    folder = Path(__file__).parents[2] / "src/undersigned/press/papers"
    assert set(known) == {file.stem for file in folder.glob("*.toml")}


@pytest.mark.parametrize("paper", list_papers().values(), ids=lambda paper: paper.id)
def test_every_known_figure_has_a_source_and_a_date(paper: object) -> None:
    """A figure is either sourced or among the questions."""
    from undersigned.press.papers import ASK, Paper

    assert isinstance(paper, Paper)
    assert set(paper.sources) | set(paper.unknown) == set(ASK)
    assert not set(paper.sources) & set(paper.unknown)
    assert all(source and len(date) == 10 for source, date in paper.sources.values())
    assert paper.flavour in FLAVOURS
    assert 5.5 < paper.type_floor < 9


def test_german_points_are_didot() -> None:
    """The Süddeutsche's 6 pt are 2.25 mm, which is 6.38 of our points."""
    assert list_papers()["sueddeutsche"].type_floor == pytest.approx(6.378, abs=0.001)
    assert pytest.approx(6.378, abs=0.001) == 6 * DIDOT


def test_a_paper_whose_size_is_unknown_says_what_to_ask() -> None:
    """The error names the paper and the questions; the answer can be given as a size."""
    with pytest.raises(PaperError, match=r"Haaretz.*booked space in millimetres"):
        find_paper("haaretz")
    paper = find_paper("haaretz", "260x390 mm")
    assert (paper.width, paper.height) == (260.0, 390.0)
    assert "size" not in paper.unknown


@pytest.mark.parametrize(
    ("text", "width", "height"),
    [("254x533 mm", 254, 533), ("10x21 in", 254, 533.4), ("10.87x21in", 276.098, 533.4), ("286×435 mm", 286, 435)],
)
def test_any_size_works_in_millimetres_or_inches(text: str, width: float, height: float) -> None:
    """Free sizes are floats of mm."""
    paper = find_paper(text)
    assert paper.width == pytest.approx(width)
    assert paper.height == pytest.approx(height)


@pytest.mark.parametrize("text", ["", "10x21", "mm", "-1x5 mm", "9999x9999 mm", "nosuchpaper", "1x1 in"])
def test_what_is_neither_paper_nor_size_is_refused(text: str) -> None:
    """OrderError, with a hint."""
    with pytest.raises(OrderError):
        find_paper(text)


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all [",
        GOOD.replace('id = "x"\n', ""),
        GOOD + "ink_limit = 240\n",
        GOOD + 'colour = "red"\n',
        GOOD + 'flavour = "PDF/X-9"\n[sources.flavour]\nsource = "s"\ndate = "2026-01-01"\n',
        GOOD + 'type_floor = 6\nunit = "pica"\n[sources.type_floor]\nsource = "s"\ndate = "2026-01-01"\n',
        GOOD + 'width = "wide"\n[sources.size]\nsource = "s"\ndate = "2026-01-01"\n',
    ],
)
def test_a_malformed_paper_is_refused(text: str) -> None:
    """Without a source, with an unknown key, flavour or unit, or not TOML: PaperError."""
    with pytest.raises(PaperError):
        parse_paper(text)


def test_an_unknown_figure_gets_a_default_and_a_question() -> None:
    """The least paper is complete, and asks everything."""
    paper = parse_paper(GOOD)
    assert paper.flavour == "PDF/X-1a:2003"
    assert len(paper.questions) == 7
