"""Printed slips with access codes, eight to an A4 page, each with a QR symbol; and a placard for a meeting.

A slip is a bearer secret: anyone who holds it can sign once. So no code is stored, logged or linked to a person here,
and only the owner can read the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .errors import MissingGlyphError, OrderError
from .missing_glyphs import find_missing_glyphs, replace_missing_glyphs
from .names import direction_of, printable
from .output import write_all
from .pdf import Engine
from .qr import runs_of
from .slip_words import slip_words
from .stack import Stack, name_of, stack_for

PAGE: Final = 8
"""Slips per sheet."""
MAX_SLIPS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Slip:
    """One access code as it is typed, and its link (the code is in the fragment, so no server log sees it)."""

    code: str
    address: str


@dataclass(frozen=True, slots=True)
class SlipOrder:
    """The texts of one letter's slips. ``address``: where to type the code, shown next to it, without the code.

    ``intro`` and ``note``: if empty, the default texts of the language.
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
    """The texts of a placard: headline, a few lines, and the address as text and symbol."""

    title: str
    lines: tuple[str, ...]
    lang: str
    address: str
    timestamp: datetime
    foot: str = ""


def make_slips(
    order: SlipOrder, out: Path, *, name: str = "slips.pdf", progress: Callable[[str, float], None] | None = None
) -> int:
    """Writes the slips to ``out / name``, readable by the owner only. Returns the number of pages.

    A title with a letter without a glyph is left out (``find_missing_glyphs`` lists them). Raises
    OrderError for no slips or too many for one file; FontError, MissingGlyphError.
    """
    if not 1 <= len(order.slips) <= MAX_SLIPS:
        raise OrderError(f"one file holds 1 to {MAX_SLIPS} slips, not {len(order.slips)}")
    words = slip_words(order.lang)
    intro, note = order.intro or words["intro"], order.note or words["note"]
    stack = stack_for(order.lang, [order.title, intro, note, order.address, *(slip.code for slip in order.slips)])
    engine = Engine(stack)
    # Never part of a title: a slip works without it, and half a title could mean something else.
    title = printable(order.title)[0]
    headline = "" if find_missing_glyphs(title, order.lang, "b") else _fit(stack, title)
    address = engine.itemise(order.address)
    slips = []
    for number, slip in enumerate(order.slips):
        symbol = _symbol(slip.address, 26.0)
        slips.append({"code": engine.itemise(slip.code, "b"), "address": address, "symbol": symbol})
        if progress is not None and number % 200 == 0:
            progress("drew symbols", 0.6 * number / len(order.slips))
    data = {
        "title": title,
        "headline": engine.itemise(headline, "b"),
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "intro": engine.itemise(_fit(stack, intro)),
        "note": engine.itemise(_fit(stack, note)),
        "slips": slips,
    }
    pdf = engine.document("slips.typ", data, {}, ["1.7"], order.timestamp)
    write_all(out, {name: pdf}, private=True)
    if progress is not None:
        progress("written", 1.0)
    return -(-len(order.slips) // PAGE)


def make_placard(order: PlacardOrder, out: Path, *, name: str = "placard.pdf") -> None:
    """Writes an A3 placard to ``out / name``. Raises OrderError, FontError, MissingGlyphError."""
    stack = stack_for(order.lang, [order.title, *order.lines, order.address, order.foot])
    engine = Engine(stack)
    title = _fit(stack, order.title)
    data = {
        "title": title,
        "headline": engine.itemise(title, "h"),
        "lines": [engine.itemise(_fit(stack, line)) for line in order.lines],
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "address": engine.itemise(order.address),
        "foot": engine.itemise(_fit(stack, order.foot)),
        "symbol": _symbol(order.address, 150.0),
    }
    write_all(out, {name: engine.document("placard.typ", data, {}, ["1.7"], order.timestamp)})


def _symbol(text: str, size: float) -> dict[str, Any]:
    runs, modules = runs_of(text)
    return {"runs": runs, "modules": modules, "size": size}


def _fit(stack: Stack, text: str) -> str:
    """``text`` with replacements for missing glyphs. Raises MissingGlyphError if letters would be lost."""
    replaced = replace_missing_glyphs(stack, printable(text)[0])
    if replaced.letters:
        raise MissingGlyphError(replaced.letters[0][0], name_of(replaced.letters[0]), text)
    return replaced.text
