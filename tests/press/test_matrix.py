"""A thousand names on every paper: they fit, or the report says why not; what fits is proved."""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned import press

from .setup import cmyk_profile, order

SIZED = [paper.id for paper in press.list_papers().values() if paper.width is not None]
ROLLS = ["en", "he", "ar", "mixed"]


@pytest.mark.slow
@pytest.mark.parametrize("titles", [True, False], ids=["titles", "no titles"])
@pytest.mark.parametrize("paper", SIZED)
def test_a_thousand_names_on_every_paper(paper: str, titles: bool, tmp_path: Path) -> None:
    """English, Hebrew, Arabic and mixed, list and run-in, with and without titles: 1,000 read back, or why not.

    Without titles there is less to set: each roll in one style.
    """
    fitted = 0
    for number, roll in enumerate(ROLLS):
        for style in ("list", "run-in") if titles else (("list", "run-in")[number % 2],):
            wanted = order(roll, 1000, paper=paper, style=style, titles=titles, icc=_profile(paper), proof_ppi=20)
            try:
                report = press.make_page(wanted, tmp_path / f"{roll}-{style}")
            except press.DidNotFitError as refusal:
                account = refusal.report
                assert account.reached < account.floor
                assert account.too_many > 0
                assert account.ways_out
                assert account.capacity[style] < 1000
            else:
                fitted += 1
                assert report.read_back["entries"] == report.read_back["of"] == 1000
                assert report.preflight["findings"] == []
                assert report.fit.reached >= report.fit.floor
                assert report.fit.widest_gap <= 0.5
    assert fitted >= 1


def _profile(paper: str) -> bytes | None:
    return cmyk_profile() if press.list_papers()[paper].flavour == "PDF/X-4" else None
