"""Pictures of a letter's title and count, to share and to embed: PNG, shaped and set as its printed pages are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# The typesetting engine and the fonts are imported by what uses them: a site's pages need the sizes only.

SIZES: Final = {"share": (1200, 630), "count": (480, 200)}
"""Pixels: what other sites show beside a link (Open Graph), and what stands on somebody's own page."""
LONGEST: Final = 220
"""Characters of a title; a longer one ends in an ellipsis."""


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """``count``: the number as it is written; ``means``: what it counts, in words, without the number; ``state``: where
    the letter is in its life, in a few words; ``address``: stands where the title would, if that cannot be shown whole.
    """

    kind: Literal["share", "count"]
    title: str
    lang: str
    count: str
    means: str
    state: str = ""
    address: str = ""


def lost_letters(title: str, lang: str) -> list[str]:
    """The letters of ``title`` that no picture in ``lang`` can show: then it shows the address. Raises FontError."""
    from .missing import not_shown
    from .names import printable

    return not_shown(printable(title)[0], lang, "h")


def make_picture(order: PictureOrder) -> bytes:
    """The picture as PNG. Raises FontError, EngineError.

    An emoji that no face shows is left out of the title; a title of which a letter would be lost is not shown at all.
    """
    from .missing import spell
    from .names import direction_of, printable
    from .pdf import Engine
    from .stack import stack_for

    width, height = SIZES[order.kind]
    whole = not lost_letters(order.title, order.lang)
    title = printable(order.title)[0] if whole else ""
    if len(title) > LONGEST:
        title = title[:LONGEST].rsplit(" ", 1)[0] + "…"
    stack = stack_for(order.lang, [title, order.address, order.count, order.means, order.state])
    title = spell(stack, title).text
    engine = Engine(stack)
    data = {
        "kind": order.kind,
        "title": title,
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "headline": engine.cut(title if whole else order.address, "h"),
        "whole": whole,
        "count": engine.cut(order.count, "b"),
        "means": engine.cut(order.means),
        "state": engine.cut(order.state),
        "width": width,
        "height": height,
        # In twelve-hundredths of the width.
        "margin": 72 if order.kind == "share" else 80,
        "numeral": 150 if order.kind == "share" else 190,
        "said": 40 if order.kind == "share" else 68,
        "small": 30 if order.kind == "share" else 46,
    }
    return engine.picture("picture.typ", data, ppi=72)
