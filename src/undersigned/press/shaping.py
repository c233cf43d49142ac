"""What a face paints for a text, by HarfBuzz: the shaping the engine does, done once more by another program.

Two questions are answered with it. Before anything is set: can this face show this letter with its marks? (A face may
hold a letter, and not the accent on it: then nothing else may be asked to paint the one without the other.) And when
the page is finished: which outlines belong there, and how much ink is that?
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import uharfbuzz as hb

from .clusters import IGNORED, seen

PIXELS: Final = 64
"""Pixels of an em in which outlines are compared: a hundredth of a letter's ink can be told."""
_CIRCLE: Final = "\u25cc"


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """One way a face is used: the file, which of its fonts, and how bold and for which size (0: as it comes).

    There is one of each (``cut_of``), so that they are told apart at no cost.
    """

    path: Path
    index: int = 0
    weight: float = 0.0
    optical: float = 0.0


@dataclass(frozen=True, slots=True)
class Ink:
    """What one glyph paints: ink in square ems, its box in ems (left, bottom, right, top), and its middle (x, y)."""

    area: float
    box: tuple[float, float, float, float]
    middle: tuple[float, float] = (0.0, 0.0)

    def like(self, other: Ink, share: float) -> bool:
        """Whether both are the same outline, but for ``share`` of their ink and the rounding of coordinates."""
        if abs(self.area - other.area) > share * max(self.area, other.area) + 0.0004:
            return False
        if any(abs(a - b) > NEAR for a, b in zip(self.box, other.box, strict=True)):
            return False
        return all(abs(a - b) <= NEAR for a, b in zip(self.middle, other.middle, strict=True))


NEAR: Final = 0.006
"""Ems by which an outline's edges and middle may lie elsewhere: a pixel of nine-point type has a hundred of them."""
NOTHING: Final = Ink(0.0, (0.0, 0.0, 0.0, 0.0))


@cache
def cut_of(path: Path, index: int = 0, weight: float = 0.0, optical: float = 0.0) -> Cut:
    """The cut of those figures."""
    return Cut(path, index, weight, optical)


@cache
def face_of(path: Path, index: int) -> Any:
    """The font ``index`` of a file."""
    return hb.Face(hb.Blob.from_file_path(str(path)), index)


@lru_cache(maxsize=256)
def font_of(cut: Cut) -> Any:
    """The font a cut describes, ready to shape and to draw."""
    face = face_of(cut.path, cut.index)
    font = hb.Font(face)
    axes = {axis.tag: axis for axis in face.axis_infos}
    wanted = {"wght": cut.weight, "opsz": cut.optical}
    chosen = {
        tag: min(axes[tag].max_value, max(axes[tag].min_value, value))
        for tag, value in wanted.items()
        if value and tag in axes
    }
    if chosen:
        font.set_variations(chosen)
    return font


@lru_cache(maxsize=20_000)
def glyphs_of(cut: Cut, text: str, rtl: bool | None = None, language: str = "") -> tuple[tuple[int, int], ...]:
    """The glyphs of ``text`` from left to right, each with the place in it of the character it begins with.

    Glyph 0: the face has none. ``rtl``: None, as its letters say.
    """
    buffer = hb.Buffer()
    buffer.add_str(text)
    if language:
        buffer.language = language
    if rtl is not None:
        buffer.direction = "rtl" if rtl else "ltr"
    buffer.guess_segment_properties()
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    hb.shape(font_of(cut), buffer)
    return tuple((info.codepoint, info.cluster) for info in buffer.glyph_infos)


def ink_in(font: Any, glyph: int) -> Ink:
    """What ``glyph`` of ``font`` paints, drawn once in ``PIXELS`` to the em."""
    extents = font.get_glyph_extents(glyph)
    if extents is None or not extents.width or not extents.height:
        return NOTHING
    upem = font.face.upem
    scale = PIXELS / upem
    draw = hb.RasterDraw()
    draw.transform = (scale, 0, 0, scale, 0, 0)
    draw.draw_glyph(font, glyph)
    image = draw.render()
    if image is None or not image.buffer:
        return NOTHING
    rows = bytes(image.buffer)
    ink = sum(rows)
    if not ink:
        return NOTHING
    shape = image.extents
    lines = [rows[at : at + shape.width] for at in range(0, shape.height * shape.stride, shape.stride)]
    across = sum(place * sum(column) for place, column in enumerate(zip(*lines, strict=True))) / ink
    up = sum(place * sum(line) for place, line in enumerate(lines)) / ink
    left, top = extents.x_bearing / upem, extents.y_bearing / upem
    box = (left, top + extents.height / upem, left + extents.width / upem, top)
    middle = ((shape.x_origin + across) / PIXELS, (shape.y_origin + up) / PIXELS)
    return Ink(ink / 255 / PIXELS**2, box, middle)


@lru_cache(maxsize=100_000)
def ink_of(cut: Cut, glyph: int) -> Ink:
    """What ``glyph`` paints in a face of ours."""
    return ink_in(font_of(cut), glyph)


@lru_cache(maxsize=50_000)
def shows(cut: Cut, cluster: str) -> bool:
    """Whether the face paints the whole of ``cluster``: its letter, and every mark on it.

    No glyph is missing, something is painted, each further mark changes what is painted, and no dotted circle stands
    in for a letter the mark would belong to.
    """
    body = IGNORED.sub("", cluster)
    if not seen(body):
        # Spaces and joiners: the face need not have them, it must not paint a box for them.
        return _whole(cut, cluster)
    before: tuple[int, ...] = ()
    for end in range(1, len(body) + 1):
        glyphs = [glyph for glyph, _ in glyphs_of(cut, body[:end])]
        painted = tuple(glyph for glyph in glyphs if ink_of(cut, glyph).area)
        if 0 in glyphs or not painted or painted == before:
            return False
        before = painted
    if not _whole(cut, cluster):
        return False
    return _CIRCLE in body or _circle(cut) not in before


def _whole(cut: Cut, text: str) -> bool:
    return all(glyph for glyph, _ in glyphs_of(cut, text))


@cache
def _circle(cut: Cut) -> int:
    return glyphs_of(cut, _CIRCLE)[0][0] or -1
