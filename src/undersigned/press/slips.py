"""Slips of paper with access codes, eight to an A4 page, a QR symbol each; and a placard for a meeting.

A slip is a bearer's secret: whoever holds it may sign once. So nothing here is kept, logged or named after a person,
and the file is written for its owner's eyes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .errors import MissingGlyphError, OrderError
from .missing import not_shown, spell
from .names import direction_of, printable
from .output import write_all
from .pdf import Engine
from .qr import runs_of
from .slip_words import slip_words
from .stack import Stack, name_of, stack_for

PAGE: Final = 8
"""Slips on a sheet."""
MAX_SLIPS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Slip:
    """One code, as it is typed, and the address that carries it in its fragment (so that no server log sees it)."""

    code: str
    address: str


@dataclass(frozen=True, slots=True)
class SlipOrder:
    """What the slips of one letter say. ``address``: where the code is typed, shown beside it, without the code.

    ``intro`` and ``note``: if empty, the language's own words.
    """

    title: str
    lang: str
    address: str
    slips: tuple[Slip, ...]
    timestamp: datetime
    intro: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlacardOrder:
    """What a placard says: headline, a few lines, and the address as text and symbol."""

    title: str
    lines: tuple[str, ...]
    lang: str
    address: str
    timestamp: datetime
    foot: str = ""


def make_slips(
    order: SlipOrder, out: Path, *, name: str = "slips.pdf", progress: Callable[[str, float], None] | None = None
) -> int:
    """Writes the slips into ``out / name``, readable by its owner only; how many pages.

    A title with letters that no face shows is left out (``not_shown`` says which). Raises OrderError if there are no
    slips, or too many for one file; FontError, MissingGlyphError.
    """
    if not 1 <= len(order.slips) <= MAX_SLIPS:
        raise OrderError(f"between 1 and {MAX_SLIPS} slips go into one file, not {len(order.slips)}")
    words = slip_words(order.lang)
    intro, note = order.intro or words["intro"], order.note or words["note"]
    stack = stack_for(order.lang, [order.title, intro, note, order.address, *(slip.code for slip in order.slips)])
    engine = Engine(stack)
    # A title that no face shows whole is not shown in part: the slip says all that is needed without it.
    title = printable(order.title)[0]
    headline = "" if not_shown(title, order.lang, "b") else _fit(stack, title)
    address = engine.cut(order.address)
    slips = []
    for number, slip in enumerate(order.slips):
        symbol = _symbol(slip.address, 26.0)
        slips.append({"code": engine.cut(slip.code, "b"), "address": address, "symbol": symbol})
        if progress is not None and number % 200 == 0:
            progress("drew symbols", 0.6 * number / len(order.slips))
    data = {
        "title": title,
        "headline": engine.cut(headline, "b"),
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "intro": engine.cut(_fit(stack, intro)),
        "note": engine.cut(_fit(stack, note)),
        "slips": slips,
    }
    pdf = engine.document("slips.typ", data, {}, ["1.7"], order.timestamp)
    write_all(out, {name: pdf}, private=True)
    if progress is not None:
        progress("written", 1.0)
    return -(-len(order.slips) // PAGE)


def make_placard(order: PlacardOrder, out: Path, *, name: str = "placard.pdf") -> None:
    """Writes an A3 placard into ``out / name``. Raises OrderError, FontError, MissingGlyphError."""
    stack = stack_for(order.lang, [order.title, *order.lines, order.address, order.foot])
    engine = Engine(stack)
    title = _fit(stack, order.title)
    data = {
        "title": title,
        "headline": engine.cut(title, "h"),
        "lines": [engine.cut(_fit(stack, line)) for line in order.lines],
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "address": engine.cut(order.address),
        "foot": engine.cut(_fit(stack, order.foot)),
        "symbol": _symbol(order.address, 150.0),
    }
    write_all(out, {name: engine.document("placard.typ", data, {}, ["1.7"], order.timestamp)})


def _symbol(text: str, size: float) -> dict[str, Any]:
    runs, modules = runs_of(text)
    return {"runs": runs, "modules": modules, "size": size}


def _fit(stack: Stack, text: str) -> str:
    """``text`` as the faces can set it. Raises MissingGlyphError if letters would be lost."""
    spelt = spell(stack, printable(text)[0])
    if spelt.letters:
        raise MissingGlyphError(spelt.letters[0][0], name_of(spelt.letters[0]), text)
    return spelt.text
