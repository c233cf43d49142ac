"""PDF content interpreter for the glyph proof: painted glyphs in order, and the outlines of the embedded fonts.

It reads only what the typesetting engine writes, and every byte of it: anything unknown is an error, never skipped.
Content marked as an artifact (running feet) is ignored. Positions are in points from the page's top left corner.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pikepdf
import uharfbuzz as hb
from fontTools.cffLib import CFFFontSet

from .content import to_unicode, widths_of
from .errors import ReadBackError
from .shaping import Ink, ink_in

_STRING: Final = rb"\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.)*+\))*+\)|<[0-9A-Fa-f\s]*+>"
_TOKEN: Final = re.compile(
    rb"\s*+(?:"
    # Fast path: nearly all text objects have this form, and there are as many as names. One match takes the whole.
    rb"q (?P<place>[-.\d]++ 0 0 [-.\d]++ [-.\d]++ [-.\d]++) cm/\w+ cs [.\d]+ scn\s+BT 0 Tr/"
    rb"(?P<face>\w++) (?P<pt>[.\d]++) Tf 1 0 0 -1 0 0 Tm\[(?P<object>(?:"
    + _STRING
    + rb"|[-+.\d\s]++)*+)\]TJ\s+ET\s+Q\b|"
    rb"(?:"
    rb"\[(?P<shown>(?:" + _STRING + rb"|[-+.\d\s]++)*+)\]\s*TJ\b"
    rb"|(?P<one>" + _STRING + rb")\s*Tj\b"
    rb"|/(?P<font>[^\s/<>()\[\]]++)\s++(?P<size>[-+.\d]++)\s++Tf\b"
    rb"|(?P<numbers>(?:[-+.\d]++\s++)*+)(?P<word>[A-Za-z*]++)"
    rb"|/(?P<tag>\w++)\s*(?P<props><<(?:" + _STRING + rb"|[^<>()]++|<<[^<>]*>>)*+>>|/\w+)?\s*(?P<mark>BMC|BDC)\b"
    rb"|/(?P<name>[^\s/<>()\[\]]++)"
    rb"))",
    re.DOTALL,
)
_PART: Final = re.compile(rb"(" + _STRING + rb")|([-+]?[.\d]+)", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ODD: Final = re.compile(rb"\\\\|\\[^0-7nrtbf()]|\\[0-7]{1,2}(?![0-7])")
_LETTERS: Final = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r\n": b"",
    b"\r": b"",
}
JUMP: Final = 1500.0
"""Largest move of the pen inside a run, in thousandths of an em; a larger one would be a different position."""


@dataclass(slots=True)
class Embedded:
    """An embedded font: its outlines by code, and the text of each code (ToUnicode)."""

    font: Any
    widths: Mapping[int, float]
    default: float
    text: Mapping[int, str]
    known: dict[int, Ink] = field(default_factory=dict)

    def ink(self, code: int) -> Ink:
        """The outline's ink of ``code``."""
        found = self.known.get(code)
        if found is None:
            found = self.known[code] = ink_in(self.font, code)
        return found


@dataclass(frozen=True, slots=True)
class Strip:
    """The glyphs of one show operator, on one baseline. ``text``: its /ActualText, if it has one."""

    page: int
    font: int
    size: float
    x0: float
    x1: float
    y: float
    codes: tuple[int, ...]
    text: str | None
    reverse: bool


@dataclass(slots=True)
class Paint:
    """Everything painted as content: page by page, in order."""

    sizes: list[tuple[float, float]]
    strips: list[Strip]
    fonts: list[Embedded]


def read(pdf: pikepdf.Pdf) -> Paint:
    """Reads ``pdf``. Raises ReadBackError for content that it does not know."""
    paint = Paint([], [], [])
    known: dict[Any, int] = {}
    for number, page in enumerate(pdf.pages):
        x0, y0, x1, y1 = (float(v) for v in page.mediabox)
        paint.sizes.append((x1 - x0, y1 - y0))
        names: dict[str, int] = {}
        resources: Any = page.obj.get("/Resources", pikepdf.Dictionary())
        for name, font in dict(resources.get("/Font", pikepdf.Dictionary())).items():
            if font.objgen not in known:
                known[font.objgen] = len(paint.fonts)
                paint.fonts.append(_embedded(font))
            names[name[1:]] = known[font.objgen]
        contents: Any = page.obj.get("/Contents")
        parts = contents if isinstance(contents, pikepdf.Array) else [contents]
        data = b"\n".join(part.read_bytes() for part in parts)
        paint.strips.extend(_strips(data, number, names, paint.fonts, (-x0, y1)))
    return paint


def _embedded(font: Any) -> Embedded:
    inner = font["/DescendantFonts"][0]
    descriptor = inner["/FontDescriptor"]
    widths, default = widths_of(inner)
    text = to_unicode(font["/ToUnicode"].read_bytes()) if "/ToUnicode" in font else {}
    if "/FontFile2" in descriptor:
        face = hb.Face(descriptor["/FontFile2"].read_bytes())
    elif "/FontFile3" in descriptor:
        face = _bare(descriptor["/FontFile3"].read_bytes())
    else:
        raise ReadBackError(f"{font.get('/BaseFont')} is not embedded")
    return Embedded(hb.Font(face), widths, default, text)


def _bare(data: bytes) -> Any:
    """A font built around a bare CFF table, as PDF embeds it: a thousand units per em."""
    if data[:4] in (b"OTTO", b"\0\1\0\0"):
        return hb.Face(data)
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(data), None)
    charset = list(fonts[0].charset)
    if charset[1:] != [f"cid{number:05d}" for number in range(1, len(charset))]:
        raise ReadBackError("an embedded font has an unknown encoding of its outlines")
    tables = {
        b"CFF ": data,
        b"head": struct.pack(">IIIIHH16x4hHHhhh", 0x10000, 0, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, 0, 0, 6, 2, 0, 0),
        b"hhea": struct.pack(">I15hH", 0x10000, *[0] * 15, 1),
        b"hmtx": bytes(4 + 2 * (len(charset) - 1)),
        b"maxp": struct.pack(">IH", 0x00005000, len(charset)),
    }
    head = struct.pack(">4s4H", b"OTTO", len(tables), 64, 2, 16)
    body = b""
    for tag, table in tables.items():
        head += struct.pack(">4sIII", tag, 0, 12 + 16 * len(tables) + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return hb.Face(head + body)


def _strips(
    data: bytes, page: int, names: Mapping[str, int], fonts: list[Embedded], corner: tuple[float, float]
) -> Iterator[Strip]:
    """Interprets one content stream. All text must be upright: other matrices are rejected."""
    at, size, font = 0, 0.0, -1
    ground = (1.0, 1.0, corner[0], 0.0)
    held: list[tuple[float, float, float, float]] = []
    x = y = 0.0
    turned = 1.0
    marks: list[tuple[bytes, str | None]] = []
    artifacts = reverses = 0
    for token in _TOKEN.finditer(data):
        if token.start() != at:
            raise ReadBackError(f"unknown content at byte {at}: {data[at : at + 40]!r}")
        at = token.end()
        kind = token.lastgroup
        if kind in ("shown", "one", "object"):
            if artifacts:
                continue
            codes, jumps = _codes(token[kind])
            if kind == "object":
                a, _, _, d, e, f = map(float, token["place"].split())
                here = (ground[0] * a, ground[1] * d, ground[0] * e + ground[2], ground[1] * f + ground[3])
                of, em, px, py, flip = names.get(token["face"].decode(), -1), float(token["pt"]), 0.0, 0.0, -1.0
            else:
                here, of, em, px, py, flip = ground, font, size, x, y, turned
            if of < 0:
                raise ReadBackError("text is painted without a font")
            embedded = fonts[of]
            widths, default = embedded.widths, embedded.default
            steps = [widths.get(code, default) for code in codes]
            advance = sum(steps) - jumps
            # A zero-advance mark may be drawn anywhere: it must not extend the run's bounding box.
            reach = advance if all(steps) else _reach(token[kind], widths, default)
            said: str | None = None
            for place, (tag, actual) in enumerate(marks):
                if actual is not None:
                    # /ActualText covers the whole span: give it to the first run only, or it would be read twice.
                    said, marks[place] = actual, (tag, "")
                    break
            left = here[0] * px + here[2]
            right = left + reach * em * here[0] / 1000
            if kind != "object":
                x += advance * em / 1000
            top = corner[1] - (here[1] * py + here[3])
            scale = em * abs(here[1] * flip)
            if abs(here[0] * em - scale) > 1e-3:
                raise ReadBackError("text is rotated, mirrored or stretched")
            yield Strip(page, of, scale, min(left, right), max(left, right), top, codes, said, reverses > 0)
        elif kind == "word":
            match token["word"]:
                case b"q":
                    held.append(ground)
                case b"Q" if held:
                    ground = held.pop()
                case b"BT":
                    x = y = 0.0
                case b"cm":
                    a, d, e, f = _upright(token["numbers"])
                    ground = (ground[0] * a, ground[1] * d, ground[0] * e + ground[2], ground[1] * f + ground[3])
                case b"Tm":
                    _, turned, x, y = _upright(token["numbers"])
                case b"Td" | b"TD":
                    dx, dy = map(float, token["numbers"].split())
                    x, y = x + dx, y + dy
                case b"EMC" if marks:
                    tag, _ = marks.pop()
                    artifacts -= tag == b"Artifact"
                    reverses -= tag == b"ReversedChars"
                case b"Do" | b"BI":
                    raise ReadBackError("the page contains images or form XObjects")
        elif kind == "size":
            font, size = names.get(token["font"].decode(), -1), float(token["size"])
        elif kind == "mark":
            tag = token["tag"]
            marks.append((tag, _actual(token["props"])))
            artifacts += tag == b"Artifact"
            reverses += tag == b"ReversedChars"
    if data[at:].strip():
        raise ReadBackError(f"unknown content at byte {at}: {data[at : at + 40]!r}")


def _upright(numbers: bytes) -> tuple[float, float, float, float]:
    a, b, c, d, e, f = map(float, numbers.split())
    if b or c or abs(a) != abs(d) or a <= 0:
        raise ReadBackError("text or paths are rotated, mirrored or stretched")
    return a, d, e, f


def _codes(shown: bytes) -> tuple[tuple[int, ...], float]:
    """The codes in a show operator's strings, and the sum of the pen moves between them, in thousandths of an em."""
    found = _PART.findall(shown)
    jumps = [float(number) for _, number in found if number]
    if jumps and max(map(abs, jumps)) > JUMP:
        raise ReadBackError("glyphs of one run are too far apart")
    if b"<" not in shown and not _ODD.search(shown):
        data = _bytes(b"".join([string[1:-1] for string, _ in found if string]))
    else:
        data = b"".join([_string(string) for string, _ in found if string])
    if len(data) % 2:
        raise ReadBackError("a string has an odd number of bytes")
    return struct.unpack(f">{len(data) // 2}H", data), sum(jumps)


def _reach(shown: bytes, widths: Mapping[int, float], default: float) -> float:
    """The end of the last glyph with an advance, in thousandths from the run's start; 0 if no glyph has one."""
    pen = end = 0.0
    for string, number in _PART.findall(shown):
        if number:
            pen -= float(number)
            continue
        data = _string(string)
        for code in struct.unpack(f">{len(data) // 2}H", data):
            step = widths.get(code, default)
            pen += step
            end = pen if step else end
    return end


def _string(string: bytes) -> bytes:
    """The bytes of a literal or hexadecimal string."""
    return bytes.fromhex(string[1:-1].decode()) if string[:1] == b"<" else _bytes(string[1:-1])


def _bytes(body: bytes) -> bytes:
    """A literal string's bytes."""
    if b"\\" not in body:
        return body
    if _ODD.search(body):
        return _ESCAPE.sub(_unescaped, body)
    # PDF escapes are Python's, except for parentheses, and Python decodes them thirty times as fast.
    return codecs.escape_decode(body.replace(b"\\(", b"\\050").replace(b"\\)", b"\\051"))[0]


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    if sign[0] in b"01234567":
        return bytes([int(sign, 8) & 255])
    return _LETTERS.get(sign, sign)


def _actual(props: bytes | None) -> str | None:
    if not props or b"/ActualText" not in props:
        return None
    found = re.search(rb"/ActualText\s*(" + _STRING + rb")", props, re.DOTALL)
    if found is None:
        raise ReadBackError("a run's /ActualText is malformed")
    string = found[1]
    body = _string(string)
    return body[2:].decode("utf-16-be") if body[:2] == b"\xfe\xff" else body.decode("latin-1")


def distance(mark: Strip, body: Strip) -> float:
    """The distance of ``mark`` from ``body`` along the line."""
    return max(0.0, body.x0 - mark.x0, mark.x0 - body.x1)


def starts_line(before: Strip, strip: Strip) -> bool:
    """Whether ``strip`` is on a different line from ``before``."""
    step = abs(strip.y - before.y)
    back = strip.x0 < before.x1 - 0.5 * strip.size
    return strip.page != before.page or step > 0.8 * strip.size or (step > 0.45 * strip.size and back)
