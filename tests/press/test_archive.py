"""The reader's PDF, slips and placards."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pikepdf
import pytest

from undersigned import press

from .people import edition_from, people
from .setup import order


def _roles(data: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for obj in pdf.objects:
            if isinstance(obj, pikepdf.Dictionary) and "/S" in obj and "/P" in obj:
                found[str(obj["/S"])] = found.get(str(obj["/S"]), 0) + 1
    return found


@pytest.mark.parametrize("roll", ["en", "he", "ar", "ja", "mixed"])
def test_names_are_list_items_of_a_tagged_document(roll: str, tmp_path: Path) -> None:
    """One list item a name, headings, the language, and both conformance statements."""
    report = press.make_archive(order(roll, 70), tmp_path)
    data = (tmp_path / "archive.pdf").read_bytes()
    roles = _roles(data)
    assert roles["/LI"] == report.names == 70
    assert roles["/H1"] == 1
    with pikepdf.open(io.BytesIO(data)) as pdf:
        metadata = bytes(pdf.Root["/Metadata"].read_bytes())
        assert str(pdf.Root["/Lang"]) == ("en" if roll == "mixed" else roll)
        assert pdf.Root["/AF"][0]["/AFRelationship"] == pikepdf.Name("/Data")
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata
    assert b"<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_the_archive_is_deterministic(tmp_path: Path) -> None:
    """Made twice, it has the same bytes."""
    first = press.make_archive(order("he", 50), tmp_path / "a").files
    assert press.make_archive(order("he", 50), tmp_path / "b").files == first


def test_only_the_owner_can_read_slips(tmp_path: Path) -> None:
    """Codes are secrets: the file can be read by its owner only, and the shown address has no code in it."""
    slips = (press.Slip("ABCD-EFGH", "https://letter.example.org/a#ABCD-EFGH"),)
    for lang in ("en", "he", "ar", "ja", "xx"):
        press.make_slips(press.SlipOrder("A letter", lang, "letter.example.org/a", slips, order().timestamp), tmp_path)
        assert stat.S_IMODE((tmp_path / "slips.pdf").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [0, 50_001])
def test_no_slips_and_too_many_are_refused(number: int, tmp_path: Path) -> None:
    """Between 1 and 50,000 go into one file."""
    slips = (press.Slip("A", "https://a.example/#A"),) * number
    with pytest.raises(press.OrderError):
        press.make_slips(press.SlipOrder("A", "en", "a.example", slips, order().timestamp), tmp_path)


def test_an_address_too_long_for_a_symbol_is_refused(tmp_path: Path) -> None:
    """OrderError instead of an unreadable symbol."""
    with pytest.raises(press.OrderError, match="too long for a QR symbol"):
        press.make_page(order(address="https://a.example/" + "x" * 4000), tmp_path)


@pytest.mark.parametrize("lang", ["en", "he"])
def test_words_wider_than_a_column_are_broken(lang: str, tmp_path: Path) -> None:
    """99 wide letters without a space are broken over lines, and no name is set aside."""
    rows = [*people(lang, 10), ("W" * 99, ""), ("Щ" * 80, ""), ("Ann " + "M" * 40, "W" * 60), ("ש" * 90, "")]
    report = press.make_archive(order(lang, edition=edition_from(rows)), tmp_path)
    assert (report.names, report.aside, report.mended) == (14, 0, ())
