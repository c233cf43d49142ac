"""A thousand names on every paper: they fit, or the report says why not; what fits is proved."""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned import press

from .setup import cmyk_profile, order

SIZED = [paper.id for paper in press.list_papers().values() if paper.width is not None]
ROLLS = ["en", "he", "ar", "mixed"]


WAYS = [(roll, style, titles) for roll in ROLLS for style in ("list", "run-in") for titles in (True, False)]
TURNS = [(SIZED[n % len(SIZED)], *WAYS[n * 5 % len(WAYS)]) for n in range(max(2 * len(SIZED), len(WAYS)))]
"""Two ways for each paper. Five and the number of ways have no common divisor, so every way has its turn."""


@pytest.mark.parametrize(("paper", "roll", "style", "titles"), TURNS)
def test_a_thousand_names_on_every_paper(paper: str, roll: str, style: str, titles: bool, tmp_path: Path) -> None:
    """Each paper in two ways, and each way on some paper: 1,000 names read back, or why not."""
    _set(paper, roll, style, titles, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("titles", [True, False], ids=["titles", "no titles"])
@pytest.mark.parametrize("paper", SIZED)
def test_a_thousand_names_on_every_paper_in_every_way(paper: str, titles: bool, tmp_path: Path) -> None:
    """English, Hebrew, Arabic and mixed, list and run-in, with and without titles. Some way fits on every paper."""
    fitted = [_set(paper, *way, tmp_path / "-".join(map(str, way))) for way in WAYS if way[2] == titles]
    assert any(fitted)


def _set(paper: str, roll: str, style: str, titles: bool, folder: Path) -> bool:
    """Sets 1,000 names; whether they fit. Either way every figure is checked."""
    wanted = order(roll, 1000, paper=paper, style=style, titles=titles, icc=_profile(paper), proof_ppi=20)
    try:
        report = press.make_page(wanted, folder)
    except press.DidNotFitError as refusal:
        account = refusal.report
        assert account.reached < account.floor
        assert account.too_many > 0
        assert account.ways_out
        assert account.capacity[style] < 1000
        return False
    assert report.read_back["entries"] == report.read_back["of"] == 1000
    assert report.preflight["findings"] == []
    assert report.fit.reached >= report.fit.floor
    assert report.fit.widest_gap <= 0.5
    return True


def _profile(paper: str) -> bytes | None:
    return cmyk_profile() if press.list_papers()[paper].flavour == "PDF/X-4" else None
