"""Pictures of a letter's title and count, to share and to embed: PNG, shaped and set as its printed pages are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .missing import spell
from .names import direction_of, printable
from .pdf import Engine
from .stack import stack_for

SIZES: Final = {"share": (1200, 630), "count": (480, 200)}
"""Pixels: what other sites show beside a link (Open Graph), and what stands on somebody's own page."""
LONGEST: Final = 220
"""Characters of a title; a longer one ends in an ellipsis."""


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """``count``: the number as it is written; ``means``: what it counts, in words, without the number; ``state``: where
    the letter is in its life, in a few words."""

    kind: Literal["share", "count"]
    title: str
    lang: str
    count: str
    means: str
    state: str = ""


def make_picture(order: PictureOrder) -> bytes:
    """The picture as PNG. Raises FontError, EngineError. What no face can show is left out of the title."""
    width, height = SIZES[order.kind]
    title = printable(order.title)[0]
    if len(title) > LONGEST:
        title = title[:LONGEST].rsplit(" ", 1)[0] + "…"
    stack = stack_for(order.lang, [title, order.count, order.means, order.state])
    title = spell(stack, title).text
    engine = Engine(stack)
    data = {
        "kind": order.kind,
        "title": title,
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "headline": engine.cut(title, "h"),
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
