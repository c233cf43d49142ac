"""Share pictures: a letter's title and count as PNG (Open Graph, embedding), typeset like its printed pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# The typesetting engine and the fonts are imported by what uses them: a site's pages need the sizes only.

SIZES: Final = {"share": (1200, 630), "count": (480, 200)}
"""Pixels: the Open Graph picture that other sites show with a link, and the count for embedding in other sites."""
LONGEST: Final = 220
"""Maximum number of characters of a title; a longer one ends in an ellipsis."""


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """``count``: the formatted number; ``means``: what it counts, in words, without the number; ``state``: the letter's
    stage, in a few words; ``address``: shown instead of a title that has missing glyphs.
    """

    kind: Literal["share", "count"]
    title: str
    lang: str
    count: str
    means: str
    state: str = ""
    address: str = ""


def find_missing_title_glyphs(title: str, lang: str) -> list[str]:
    """The letters of ``title`` that no picture in ``lang`` can show: then it shows the address. Raises FontError."""
    from .missing_glyphs import find_missing_glyphs
    from .names import printable

    return find_missing_glyphs(printable(title)[0], lang, "h")


def make_picture(order: PictureOrder) -> bytes:
    """The picture as PNG. Raises FontError, EngineError.

    An emoji without a glyph is left out of the title. A title with a letter without a glyph is not shown at all.
    """
    from .missing_glyphs import replace_missing_glyphs
    from .names import direction_of, printable
    from .pdf import Engine
    from .stack import stack_for

    width, height = SIZES[order.kind]
    whole = not find_missing_title_glyphs(order.title, order.lang)
    title = printable(order.title)[0] if whole else ""
    if len(title) > LONGEST:
        title = title[:LONGEST].rsplit(" ", 1)[0] + "…"
    stack = stack_for(order.lang, [title, order.address, order.count, order.means, order.state])
    title = replace_missing_glyphs(stack, title).text
    engine = Engine(stack)
    data = {
        "kind": order.kind,
        "title": title,
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "headline": engine.itemise(title if whole else order.address, "h"),
        "whole": whole,
        "count": engine.itemise(order.count, "b"),
        "means": engine.itemise(order.means),
        "state": engine.itemise(order.state),
        "width": width,
        "height": height,
        # In units of 1/1200 of the width.
        "margin": 72 if order.kind == "share" else 80,
        "numeral": 150 if order.kind == "share" else 190,
        "said": 40 if order.kind == "share" else 68,
        "small": 30 if order.kind == "share" else 46,
    }
    return engine.picture("picture.typ", data, ppi=72)
