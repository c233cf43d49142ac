"""Preflight: each thing a page may not contain has its own finding."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from undersigned.press import PreflightError

from .setup import Taken, order, take_apart

Change = Callable[[pikepdf.Pdf], None]


@pytest.fixture(scope="module")
def taken() -> Taken:
    """A good page, taken apart."""
    return take_apart(order("en", 60))


@pytest.fixture(scope="module")
def good(taken: Taken) -> bytes:
    """Its finished file."""
    return taken.paint()


def _changed(data: bytes, change: Change) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(out, force_version=pdf.pdf_version, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _paint(content: bytes) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.obj["/Contents"] = pdf.make_stream(page.obj["/Contents"].read_bytes() + b"\n" + content)

    return change


def _page(key: str, value: Any) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj[key] = value

    return change


def _root(key: str, value: Any) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root[key] = value

    return change


def _resource(kind: str, value: Dictionary) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj["/Resources"][kind] = Dictionary({"/X": pdf.make_indirect(value)})

    return change


def _unembed(pdf: pikepdf.Pdf) -> None:
    font = next(iter(dict(pdf.pages[0].obj["/Resources"]["/Font"]).values()))
    del font["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"]


def _no_intent(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/OutputIntents"]


def _trapped(pdf: pikepdf.Pdf) -> None:
    del pdf.trailer["/Info"]["/Trapped"]


def _second(pdf: pikepdf.Pdf) -> None:
    pdf.pages.append(pdf.pages[0])


SQUARE = b"100 100 50 50 re f"
BAD: list[tuple[str, str, Change]] = [
    ("rgb", "colour", _paint(b"q 1 0 0 rg " + SQUARE + b" Q")),
    ("grey", "colour", _paint(b"q 0 g " + SQUARE + b" Q")),
    ("named colour space", "colour", _paint(b"q /DeviceRGB cs 1 0 0 sc " + SQUARE + b" Q")),
    ("cyan", "colour", _paint(b"q 1 0 0 0 k " + SQUARE + b" Q")),
    ("screened black", "colour", _paint(b"q 0 0 0 0.5 k " + SQUARE + b" Q")),
    ("390 % ink", "ink", _paint(b"q 1 1 1 0.9 k " + SQUARE + b" Q")),
    ("thin rule", "rule", _paint(b"q 0 0 0 1 k 100 4 50 0.05 re f Q")),
    ("thin stroke", "rule", _paint(b"q 0 0 0 1 K 0.1 w 10 4 m 200 4 l S Q")),
    ("stroke operator", "operator", _paint(b"q 0 0 0 1 K 1 w 10 4 m 200 4 l S Q")),
    ("small type", "type", _paint(b"BT /f0 4 Tf 1 0 0 1 20 5 Tm <0001> Tj ET")),
    ("invisible text", "operator", _paint(b"BT 3 Tr /f0 8 Tf 1 0 0 1 20 5 Tm <0001> Tj ET")),
    ("missing glyph", "glyph", _paint(b"BT /f0 8 Tf 1 0 0 1 20 5 Tm <0000> Tj ET")),
    ("text off the page", "outside", _paint(b"BT /f0 8 Tf 1 0 0 1 -40 5 Tm <00010001> Tj ET")),
    ("rule off the page", "outside", _paint(b"q 0 0 0 1 k -50 100 90 90 re f Q")),
    ("wrong box", "box", _page("/TrimBox", Array([0, 0, 300, 300]))),
    ("no trim box", "box", lambda pdf: pdf.pages[0].obj.__delitem__("/TrimBox")),
    ("rotated", "box", _page("/Rotate", 90)),
    (
        "link",
        "annotation",
        _page("/Annots", Array([Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9])])),
    ),
    ("form", "annotation", _root("/AcroForm", Dictionary())),
    ("transparency group", "transparency", _page("/Group", Dictionary(S=Name.Transparency))),
    ("alpha", "transparency", _resource("/ExtGState", Dictionary(ca=0.5))),
    ("image", "resource", _resource("/XObject", Dictionary())),
    ("open action", "action", _root("/OpenAction", Dictionary(S=Name.Print))),
    ("layers", "layer", _root("/OCProperties", Dictionary())),
    ("attachment", "attachment", _root("/Names", Dictionary(EmbeddedFiles=Dictionary()))),
    ("font not embedded", "font", _unembed),
    ("no output intent", "intent", _no_intent),
    ("trapping not stated", "identity", _trapped),
    ("two pages", "pages", _second),
]


def test_a_good_page_has_no_findings(taken: Taken, good: bytes) -> None:
    """The control: the page as made passes."""
    assert taken.preflight(good)["findings"] == []
    assert taken.preflight(_changed(good, lambda _pdf: None))["ink"] == "K only"


@pytest.mark.parametrize(("rule", "change"), [(b[1], b[2]) for b in BAD], ids=[b[0] for b in BAD])
def test_each_fault_has_its_own_finding(taken: Taken, good: bytes, rule: str, change: Change) -> None:
    """One fault put into a good page is found, under its own rule."""
    with pytest.raises(PreflightError) as refusal:
        taken.preflight(_changed(good, change))
    assert rule in {finding.rule for finding in refusal.value.findings}


def test_a_line_printed_over_another_is_found(taken: Taken) -> None:
    """A name moved onto its neighbour's line is a collision."""
    sheet = taken.layout.sheets[0]
    names = [line for line in sheet.lines if line.entries]
    moved = replace(names[1], y=names[0].y + 1.0)
    with pytest.raises(PreflightError) as refusal:
        taken.preflight(taken.paint((replace(sheet, lines=[*sheet.lines, moved]),)))
    assert "collision" in {finding.rule for finding in refusal.value.findings}


def test_a_name_outside_its_column_is_found(taken: Taken) -> None:
    """A name that reaches into the gutter leaves its column."""
    sheet = taken.layout.sheets[0]
    lines = list(sheet.lines)
    at = next(i for i, line in enumerate(lines) if line.entries)
    lines[at] = replace(lines[at], x=lines[at].x - 12)
    with pytest.raises(PreflightError) as refusal:
        taken.preflight(taken.paint((replace(sheet, lines=lines),)))
    assert "outside" in {finding.rule for finding in refusal.value.findings}


def test_every_finding_is_reported_at_once(taken: Taken, good: bytes) -> None:
    """A page with three faults raises all three."""
    bad = _changed(_changed(good, _paint(b"q 1 0 0 rg " + SQUARE + b" Q")), _page("/Rotate", 90))
    bad = _changed(bad, _root("/OpenAction", Dictionary(S=Name.Print)))
    with pytest.raises(PreflightError) as refusal:
        taken.preflight(bad)
    assert {"colour", "box", "action"} <= {finding.rule for finding in refusal.value.findings}
