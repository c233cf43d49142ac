"""PDF content reader for preflight and readback: the text runs with positions, filled paths and operators of each page.

Our own reader, because general text extractors do not return mixed-direction names correctly. The text of a show
operator is its span's ``/ActualText`` (once per span), else what the font's ToUnicode says; within ``/ReversedChars``
it is stored right to left. Everything is returned in *visual* order, from left to right. Glyph 0 counts as a missing
glyph, whatever its text says.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pikepdf

Matrix = tuple[float, float, float, float, float, float]
_ONE: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_HEX: Final = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_BLOCK: Final = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """The glyphs of one show operator, on one baseline; in points from the page's top left corner.

    ``seen``: its characters from left to right. ``ink``: whether a glyph has an advance. ``missing``: how many are
    glyph 0. ``order``: its index in the content stream.
    """

    x0: float
    x1: float
    y: float
    size: float
    seen: str
    ink: bool
    missing: int
    order: int


@dataclass(frozen=True, slots=True)
class Fill:
    """The bounding box of one filled path, in points from the top left corner. ``parts``: its closed outlines."""

    x0: float
    y0: float
    x1: float
    y1: float
    parts: int


@dataclass(slots=True)
class Painted:
    """One page. ``operators``: how often each. ``inks``: operands of colour operators. ``modes``: of text rendering."""

    width: float
    height: float
    runs: list[Run] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    strokes: list[float] = field(default_factory=list)
    operators: dict[str, int] = field(default_factory=dict)
    inks: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)
    modes: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Font:
    """One font resource: the text and the advance (in thousandths of an em) of each two-byte code."""

    text: dict[int, str]
    widths: dict[int, float]
    default: float


def read(data: bytes) -> list[Painted]:
    """Reads every page of the PDF ``data``."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        fonts: dict[tuple[int, int], Font] = {}
        return [_page(page, fonts) for page in pdf.pages]


def _page(page: pikepdf.Page, known: dict[tuple[int, int], Font]) -> Painted:
    x0, y0, x1, y1 = (float(v) for v in page.mediabox)
    fonts: dict[str, Font] = {}
    for name, font in _fonts_of(page).items():
        if font.objgen not in known:
            known[font.objgen] = _font(font)
        fonts[name] = known[font.objgen]
    reader = _Reader(Painted(x1 - x0, y1 - y0), fonts, (1.0, 0.0, 0.0, -1.0, -x0, y1))
    for instruction in pikepdf.parse_content_stream(page):
        reader.step(str(instruction.operator), list(instruction.operands))
    return reader.painted


def _fonts_of(page: pikepdf.Page) -> dict[str, Any]:
    resources: Any = page.obj.get("/Resources", pikepdf.Dictionary())
    return dict(resources.get("/Font", pikepdf.Dictionary()))


def _font(font: Any) -> Font:
    text: dict[int, str] = {}
    if "/ToUnicode" in font:
        text = to_unicode(font["/ToUnicode"].read_bytes())
    widths: dict[int, float] = {}
    default = 1000.0
    if "/DescendantFonts" in font:
        inner = font["/DescendantFonts"][0]
        widths, default = widths_of(inner)
    return Font(text, widths, default)


def widths_of(inner: Any) -> tuple[dict[int, float], float]:
    """Advances in thousandths by code, and the default advance."""
    widths: dict[int, float] = {}
    table = list(inner.get("/W", []))
    i = 0
    while i < len(table):
        first = int(table[i])
        if isinstance(table[i + 1], pikepdf.Array):
            for j, width in enumerate(table[i + 1]):
                widths[first + j] = float(width)
            i += 2
        else:
            for code in range(first, int(table[i + 1]) + 1):
                widths[code] = float(table[i + 2])
            i += 3
    return widths, float(inner.get("/DW", 1000))


def to_unicode(data: bytes) -> dict[int, str]:
    """A font's ToUnicode table: the text of each two-byte code."""
    found: dict[int, str] = {}
    for kind, body in _BLOCK.findall(data):
        cells = [bytes.fromhex(cell.decode()) for cell in _HEX.findall(body)]
        if kind == b"char":
            for code, value in zip(cells[::2], cells[1::2], strict=False):
                found[int.from_bytes(code)] = value.decode("utf-16-be", "replace")
        else:
            for low, high, value in zip(cells[::3], cells[1::3], cells[2::3], strict=False):
                base = value.decode("utf-16-be", "replace")
                start = int.from_bytes(low)
                for step in range(int.from_bytes(high) - start + 1):
                    found[start + step] = base[:-1] + chr(ord(base[-1]) + step)
    return found


def _times(a: Matrix, b: Matrix) -> Matrix:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


class _Reader:
    """An interpreter of one content stream."""

    def __init__(self, painted: Painted, fonts: dict[str, Font], base: Matrix) -> None:
        self.painted = painted
        self.fonts = fonts
        self.matrix = base
        self.stack: list[tuple[Matrix, float]] = []
        self.line_width = 1.0
        self.font: Font | None = None
        self.size = 0.0
        self.text: Matrix = _ONE
        self.marked: list[tuple[str, str | None]] = []
        self.path: list[tuple[float, float]] = []
        self.parts = 0

    def step(self, operator: str, operands: Sequence[Any]) -> None:
        """Interprets one operator."""
        painted = self.painted
        painted.operators[operator] = painted.operators.get(operator, 0) + 1
        match operator:
            case "q":
                self.stack.append((self.matrix, self.line_width))
            case "Q" if self.stack:
                self.matrix, self.line_width = self.stack.pop()
            case "cm":
                self.matrix = _times(_six(operands), self.matrix)
            case "Tf":
                self.font, self.size = self.fonts.get(str(operands[0])), float(operands[1])
            case "BT":
                self.text = _ONE
            case "Tm":
                self.text = _six(operands)
            case "Td" | "TD":
                self.text = _times((1.0, 0.0, 0.0, 1.0, float(operands[0]), float(operands[1])), self.text)
            case "Tj":
                self._show([operands[0]])
            case "TJ":
                self._show(operands[0])
            case "BMC" | "BDC":
                self.marked.append(_mark(operator, operands))
            case "EMC" if self.marked:
                self.marked.pop()
            case "Tr":
                painted.modes.add(int(operands[0]))
            case "k" | "K" | "g" | "G" | "rg" | "RG" | "sc" | "scn" | "SC" | "SCN":
                painted.inks.add((operator, tuple(float(v) for v in operands if not isinstance(v, pikepdf.Name))))
            case "w":
                self.line_width = float(operands[0])
            case _:
                self._path(operator, operands)

    def _path(self, operator: str, operands: Sequence[Any]) -> None:
        match operator:
            case "m" | "l" | "c" | "v" | "y":
                self.parts += operator == "m"
                cells = [float(v) for v in operands]
                self.path += [self._point(x, y) for x, y in zip(cells[::2], cells[1::2], strict=True)]
            case "re":
                x, y, w, h = (float(v) for v in operands)
                self.parts += 1
                self.path += [self._point(x, y), self._point(x + w, y + h)]
            case "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" | "n":
                self._paint(operator)
            case _:
                pass

    def _paint(self, operator: str) -> None:
        if self.path and operator in ("f", "F", "f*", "B", "B*", "b", "b*"):
            xs, ys = [p[0] for p in self.path], [p[1] for p in self.path]
            self.painted.fills.append(Fill(min(xs), min(ys), max(xs), max(ys), self.parts))
        if self.path and operator in ("S", "s", "B", "B*", "b", "b*"):
            self.painted.strokes.append(self.line_width * (abs(self.matrix[0]) + abs(self.matrix[1])))
        self.path, self.parts = [], 0

    def _point(self, x: float, y: float) -> tuple[float, float]:
        m = self.matrix
        return (m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5])

    def _show(self, pieces: Any) -> None:
        at = _times(self.text, self.matrix)
        advance, body, ink, missing = 0.0, 0.0, False, 0
        seen: list[str] = []
        reverse = any(tag == "/ReversedChars" for tag, _ in self.marked)
        for piece in pieces:
            if not isinstance(piece, pikepdf.String):
                advance -= float(piece)
                continue
            raw = bytes(piece)
            for i in range(0, len(raw) - 1, 2):
                code = raw[i] << 8 | raw[i + 1]
                width, text = self._glyph(code)
                advance += width
                if width > 0:
                    # A zero-advance mark may be drawn anywhere: it must not extend the run's bounding box.
                    body, ink = advance, True
                missing += code == 0
                seen.append(text[::-1] if reverse else text)
        start = (1.0, 0.0, 0.0, 1.0, (body if ink else advance) * self.size / 1000, 0.0)
        end = _times(_times(start, self.text), self.matrix)
        self.text = _times((1.0, 0.0, 0.0, 1.0, advance * self.size / 1000, 0.0), self.text)
        shown = "".join(seen)
        for number, (tag, actual) in enumerate(self.marked):
            if actual is not None:
                # /ActualText covers the whole span: give it to the first show operator only, or it would be read twice.
                shown = actual[::-1] if reverse else actual
                self.marked[number] = (tag, "")
                break
        scale = (at[2] ** 2 + at[3] ** 2) ** 0.5
        order = len(self.painted.runs)
        run = Run(min(at[4], end[4]), max(at[4], end[4]), at[5], self.size * scale, shown, ink, missing, order)
        self.painted.runs.append(run)

    def _glyph(self, code: int) -> tuple[float, str]:
        if self.font is None:
            return 0.0, ""
        return self.font.widths.get(code, self.font.default), self.font.text.get(code, "\ufffd")


def _mark(operator: str, operands: Sequence[Any]) -> tuple[str, str | None]:
    actual = None
    if operator == "BDC" and isinstance(operands[1], pikepdf.Dictionary) and "/ActualText" in operands[1]:
        actual = str(operands[1]["/ActualText"])
    return str(operands[0]), actual


def _six(operands: Sequence[Any]) -> Matrix:
    a, b, c, d, e, f = (float(v) for v in operands)
    return (a, b, c, d, e, f)
