"""Shapes text with HarfBuzz: glyph coverage before typesetting, and expected glyphs and ink after it.

It repeats the engine's shaping with an independent program. Before typesetting: can this font render this letter with
its marks? (A font may have the letter and not the accent; then no second font may paint the accent alone.) After
typesetting: which outlines should the page have, and how much ink?
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import uharfbuzz as hb

from .clusters import IGNORED, seen

PIXELS: Final = 64
"""Pixels per em at which outlines are compared: enough to see a difference of a hundredth of a letter's ink."""
_CIRCLE: Final = "\u25cc"


@dataclass(frozen=True, slots=True, eq=False)
class FontInstance:
    """A font instance: the file, the font's index in it, weight, and optical size (0: the default).

    Interned by ``font_instance``, so that instances are compared by identity, which is fast.
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
        """Whether both are the same outline, up to ``share`` of their ink and rounded coordinates."""
        if abs(self.area - other.area) > share * max(self.area, other.area) + 0.0004:
            return False
        if any(abs(a - b) > NEAR for a, b in zip(self.box, other.box, strict=True)):
            return False
        return all(abs(a - b) <= NEAR for a, b in zip(self.middle, other.middle, strict=True))


NEAR: Final = 0.006
"""Tolerance in ems on an outline's edges and middle: less than half a pixel of the comparison."""
NOTHING: Final = Ink(0.0, (0.0, 0.0, 0.0, 0.0))


@cache
def font_instance(path: Path, index: int = 0, weight: float = 0.0, optical: float = 0.0) -> FontInstance:
    """The one instance with these parameters."""
    return FontInstance(path, index, weight, optical)


@cache
def face_of(path: Path, index: int) -> Any:
    """The font ``index`` of a file."""
    return hb.Face(hb.Blob.from_file_path(str(path)), index)


@lru_cache(maxsize=256)
def font_of(instance: FontInstance) -> Any:
    """The instance as a HarfBuzz font, ready to shape and to draw."""
    face = face_of(instance.path, instance.index)
    font = hb.Font(face)
    axes = {axis.tag: axis for axis in face.axis_infos}
    wanted = {"wght": instance.weight, "opsz": instance.optical}
    chosen = {
        tag: min(axes[tag].max_value, max(axes[tag].min_value, value))
        for tag, value in wanted.items()
        if value and tag in axes
    }
    if chosen:
        font.set_variations(chosen)
    return font


@lru_cache(maxsize=20_000)
def glyphs_of(
    instance: FontInstance, text: str, rtl: bool | None = None, language: str = ""
) -> tuple[tuple[int, int], ...]:
    """The glyphs of ``text`` from left to right, each with the text position of its first character (cluster).

    Glyph 0 (.notdef): the font lacks it. ``rtl``: None guesses the direction from the letters.
    """
    buffer = hb.Buffer()
    buffer.add_str(text)
    if language:
        buffer.language = language
    if rtl is not None:
        buffer.direction = "rtl" if rtl else "ltr"
    buffer.guess_segment_properties()
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    hb.shape(font_of(instance), buffer)
    return tuple((info.codepoint, info.cluster) for info in buffer.glyph_infos)


def ink_in(font: Any, glyph: int) -> Ink:
    """The ink of ``glyph`` in ``font``, rasterised at ``PIXELS`` per em."""
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
def ink_of(instance: FontInstance, glyph: int) -> Ink:
    """The ink of ``glyph`` in a font instance, cached."""
    return ink_in(font_of(instance), glyph)


@lru_cache(maxsize=50_000)
def can_render(instance: FontInstance, cluster: str) -> bool:
    """Whether the font can render the whole of ``cluster``: its letter and every mark on it.

    That is: no glyph is missing, something is painted, each further mark changes the picture, and no dotted circle
    replaces a letter that a mark needs.
    """
    body = IGNORED.sub("", cluster)
    if not seen(body):
        # Spaces and joiners: the font need not have them, but it must not paint a box for them.
        return _whole(instance, cluster)
    before: tuple[int, ...] = ()
    for end in range(1, len(body) + 1):
        glyphs = [glyph for glyph, _ in glyphs_of(instance, body[:end])]
        painted = tuple(glyph for glyph in glyphs if ink_of(instance, glyph).area)
        if 0 in glyphs or not painted or painted == before:
            return False
        before = painted
    if not _whole(instance, cluster):
        return False
    return _CIRCLE in body or _circle(instance) not in before


def _whole(instance: FontInstance, text: str) -> bool:
    return all(glyph for glyph, _ in glyphs_of(instance, text))


@cache
def _circle(instance: FontInstance) -> int:
    return glyphs_of(instance, _CIRCLE)[0][0] or -1
