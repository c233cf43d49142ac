"""Slips of paper with access codes, eight to an A4 page, a QR symbol each; and a placard for a meeting.

A slip is a bearer's secret: whoever holds it may sign once. So nothing here is kept, logged or named after a person,
and the file is written for its owner's eyes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .errors import OrderError
from .fonts import stack_for
from .names import direction_of, printable
from .output import write_all
from .pdf import Engine
from .qr import runs_of
from .slip_words import slip_words

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

    Raises OrderError if there are none, or too many for one file; FontError, MissingGlyphError.
    """
    if not 1 <= len(order.slips) <= MAX_SLIPS:
        raise OrderError(f"between 1 and {MAX_SLIPS} slips go into one file, not {len(order.slips)}")
    words = slip_words(order.lang)
    slips = []
    for number, slip in enumerate(order.slips):
        slips.append({"code": slip.code, "address": order.address, "symbol": _symbol(slip.address, 26.0)})
        if progress is not None and number % 200 == 0:
            progress("drew symbols", 0.6 * number / len(order.slips))
    data = {
        "title": printable(order.title)[0],
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "intro": order.intro or words["intro"],
        "note": order.note or words["note"],
        "slips": slips,
    }
    texts = [str(data[key]) for key in ("title", "intro", "note")] + [order.address]
    pdf = _set("slips.typ", data, order.lang, [*texts, *(slip.code for slip in order.slips)], order.timestamp)
    write_all(out, {name: pdf}, private=True)
    if progress is not None:
        progress("written", 1.0)
    return -(-len(order.slips) // PAGE)


def make_placard(order: PlacardOrder, out: Path, *, name: str = "placard.pdf") -> None:
    """Writes an A3 placard into ``out / name``. Raises OrderError, FontError, MissingGlyphError."""
    data = {
        "title": printable(order.title)[0],
        "lines": [printable(line)[0] for line in order.lines],
        "lang": order.lang.split("-")[0],
        "dir": direction_of(order.lang),
        "address": order.address,
        "foot": printable(order.foot)[0],
        "symbol": _symbol(order.address, 150.0),
    }
    texts = [order.title, *order.lines, order.address, order.foot]
    write_all(out, {name: _set("placard.typ", data, order.lang, texts, order.timestamp)})


def _symbol(text: str, size: float) -> dict[str, Any]:
    runs, modules = runs_of(text)
    return {"runs": runs, "modules": modules, "size": size}


def _set(template: str, data: dict[str, Any], lang: str, texts: Iterable[str], timestamp: datetime) -> bytes:
    return Engine(stack_for(lang, texts)).document(template, data, {}, ["1.7"], timestamp)
