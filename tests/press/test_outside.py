"""Finished pages checked by independent programs: ghostscript, qpdf, poppler, zbar.

A tool that is missing fails the test and names its Debian package.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned import press

from .setup import cmyk_profile, order, run


@pytest.fixture(scope="module", params=["en", "he", "mixed"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished page of 150 names."""
    out = tmp_path_factory.mktemp("page")
    press.make_page(order(request.param, 150, style="run-in"), out)
    return out / "page.pdf"


def test_ghostscript_finds_black_ink_only(page: Path) -> None:
    """inkcov: C = M = Y = 0, and some K."""
    said = run("gs", "-q", "-o", "-", "-sDEVICE=inkcov", page)
    cyan, magenta, yellow, black = (float(v) for v in said.split()[:4])
    assert cyan == magenta == yellow == 0.0
    assert black > 0.01


def test_qpdf_finds_no_fault(page: Path) -> None:
    """``qpdf --check`` is clean."""
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", page)


def test_poppler_finds_every_font_embedded(page: Path) -> None:
    """pdffonts: emb, sub and uni are all yes."""
    rows = run("pdffonts", page).splitlines()[2:]
    assert rows
    assert all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)


def test_zbar_reads_the_symbol_from_a_coarse_raster(page: Path, tmp_path: Path) -> None:
    """At 200 dpi the QR symbol gives the address."""
    run("pdftoppm", "-r", "200", "-gray", "-png", "-singlefile", page, tmp_path / "page")
    assert run("zbarimg", "-q", "--raw", tmp_path / "page.png").strip() == "https://letter.example.org/air-crew"


def test_x4_with_a_profile_passes_the_same_tools(tmp_path: Path) -> None:
    """PDF/X-4 with an embedded profile is a sound file."""
    press.make_page(order("en", 40, paper="sueddeutsche-tabloid", icc=cmyk_profile()), tmp_path)
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", tmp_path / "page.pdf")


def test_the_archive_gives_back_the_editions_very_bytes(tmp_path: Path) -> None:
    """pdfdetach takes edition.json out of the reader's PDF, byte for byte."""
    wanted = order("he", 60)
    press.make_archive(wanted, tmp_path)
    run("pdfdetach", "-save", "1", "-o", tmp_path / "edition.json", tmp_path / "archive.pdf")
    assert (tmp_path / "edition.json").read_bytes() == wanted.edition
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", tmp_path / "archive.pdf")


def test_every_slips_symbol_is_read(tmp_path: Path) -> None:
    """Nine slips on two pages: nine codes are read from the raster, in any order."""
    codes = [f"K7QM-{i:04d}-ZX3P" for i in range(9)]
    slips = tuple(press.Slip(code, f"https://letter.example.org/a#{code}") for code in codes)
    wanted = press.SlipOrder("A letter", "en", "letter.example.org/a", slips, order().timestamp)
    assert press.make_slips(wanted, tmp_path) == 2
    run("pdftoppm", "-r", "150", "-gray", "-png", tmp_path / "slips.pdf", tmp_path / "slip")
    said = "".join(run("zbarimg", "-q", "--raw", picture) for picture in sorted(tmp_path.glob("slip-*.png")))
    assert sorted(said.split()) == [f"https://letter.example.org/a#{code}" for code in codes]


def test_a_placards_symbol_is_read(tmp_path: Path) -> None:
    """The placard's symbol gives its address."""
    wanted = press.PlacardOrder(
        "A letter", ("Come and sign.",), "en", "https://letter.example.org/a", order().timestamp
    )
    press.make_placard(wanted, tmp_path)
    run("pdftoppm", "-r", "40", "-gray", "-png", "-singlefile", tmp_path / "placard.pdf", tmp_path / "p")
    assert run("zbarimg", "-q", "--raw", tmp_path / "p.png").strip() == "https://letter.example.org/a"
