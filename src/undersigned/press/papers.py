"""Newspapers' specifications as data: sizes and print limits, each figure with its source and date (papers/*.toml).

An unknown figure is absent from the file: pages are then built to the defaults below, and the report says what to ask
the paper. A page's PDF has exactly the booked size, without printer's marks or bleed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from .errors import OrderError, PaperError
from .sheet import MM

FLAVOURS: Final = ("PDF/X-1a:2001", "PDF/X-1a:2003", "PDF/X-4")
DIDOT: Final = 2.25 / 6 * MM
"""Points in a German Didot point as newspapers use it: their 6 pt are 2.25 mm."""
DEFAULTS: Final[Mapping[str, Any]] = {
    "flavour": "PDF/X-1a:2003",
    "condition": "IFRA26",
    "type_floor": 6.0,
    "rule_floor": 0.1,
    "ink_limit": 220,
}
"""What most papers accept: see docs/press.md."""
ASK: Final[Mapping[str, str]] = {
    "size": "the size of the booked space in millimetres, and whether the file must be exactly that size",
    "flavour": "which PDF/X they take (X-1a:2001, X-1a:2003, X-4), and whether it must, or must not, hold an ICC file",
    "condition": "the output condition (ICC profile) of their press",
    "type_floor": "the smallest type for positive black text, and whether their points are DTP or Didot",
    "rule_floor": "the thinnest rule they print",
    "ink_limit": "the greatest sum of inks",
    "deadline": "the copy deadline, and where the file goes",
}
LARGEST: Final = 1200
"""Millimetres: the longest side of any newspaper page."""
_FREE: Final = re.compile(r"\s*(\d{1,4}(?:\.\d{1,3})?)\s*[x×]\s*(\d{1,4}(?:\.\d{1,3})?)\s*(mm|in)\s*")
_FIELDS: Final = frozenset(ASK) | {"id", "name", "country", "what", "unit", "width", "height", "notes", "sources"}


@dataclass(frozen=True, slots=True)
class Paper:
    """One bookable space. ``width``, ``height``: mm, None if unknown; minimums in DTP points and mm; ink in percent.

    ``sources``: where and when each known figure was read. ``unknown``: the figures to ask for before booking.
    """

    id: str
    name: str
    country: str
    what: str
    width: float | None
    height: float | None
    flavour: str
    condition: str
    type_floor: float
    rule_floor: float
    ink_limit: int
    deadline: str
    notes: str
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def questions(self) -> list[str]:
        """The questions for the paper, in words."""
        return [ASK[figure] for figure in self.unknown]


def parse_paper(text: str) -> Paper:
    """Parses a paper's TOML file. Raises PaperError unless every figure in it has a source and a date."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PaperError(f"a paper's file is not valid TOML: {error}") from error
    stray = set(data) - _FIELDS
    if stray:
        raise PaperError(f"a paper's file has unknown keys: {', '.join(sorted(stray))}")
    try:
        return _paper(data)
    except (KeyError, TypeError, ValueError) as error:
        raise PaperError(f"the file of paper {data.get('id', '?')} is malformed: {error}") from error


def _paper(data: dict[str, Any]) -> Paper:
    sources = {name: (str(row["source"]), str(row["date"])) for name, row in data.get("sources", {}).items()}
    known = {name for name in ASK if name in data} | ({"size"} if "width" in data else set())
    for name in sorted(known - set(sources)):
        raise ValueError(f"{name} has no source")
    floor = data.get("type_floor", DEFAULTS["type_floor"])
    unit = data.get("unit", "pt")
    if unit not in ("pt", "didot", "mm"):
        raise ValueError(f"minimum type sizes are in pt, didot or mm, not {unit!r}")
    flavour = data.get("flavour", DEFAULTS["flavour"])
    if flavour not in FLAVOURS:
        raise ValueError(f"{flavour!r} is not a PDF/X version that we build")
    return Paper(
        id=str(data["id"]),
        name=str(data["name"]),
        country=str(data["country"]),
        what=str(data["what"]),
        width=float(data["width"]) if "width" in data else None,
        height=float(data["height"]) if "height" in data else None,
        flavour=flavour,
        condition=str(data.get("condition", DEFAULTS["condition"])),
        type_floor=round(float(floor) * {"pt": 1.0, "didot": DIDOT, "mm": MM}[unit], 3),
        rule_floor=float(data.get("rule_floor", DEFAULTS["rule_floor"])),
        ink_limit=int(data.get("ink_limit", DEFAULTS["ink_limit"])),
        deadline=str(data.get("deadline", "")),
        notes=str(data.get("notes", "")),
        sources=sources,
        unknown=tuple(name for name in ASK if name not in known),
    )


@cache
def list_papers() -> Mapping[str, Paper]:
    """The papers that come with the package, by id."""
    files = sorted(resources.files(__package__).joinpath("papers").iterdir(), key=lambda file: file.name)
    found = [parse_paper(file.read_text("utf-8")) for file in files if file.name.endswith(".toml")]
    return {paper.id: paper for paper in found}


def find_paper(name: str, size: str | None = None) -> Paper:
    """The paper called ``name``, or a paper of a free size such as "254x533 mm" or "10x21 in".

    ``size``: overrides the file's size with the paper's answer. Raises OrderError if ``name`` is neither a paper nor a
    size, and PaperError for a paper whose size is unknown.
    """
    paper = list_papers().get(name)
    if paper is not None:
        if size is not None:
            width, height = _size(size)
            return replace(paper, width=width, height=height, unknown=tuple(u for u in paper.unknown if u != "size"))
        if paper.width is None or paper.height is None:
            raise PaperError(f"the size of {paper.name} is unknown: ask them for {'; '.join(paper.questions)}")
        return paper
    if size is not None:
        raise OrderError(f"there is no paper {name!r}")
    width, height = _size(name)
    return Paper(
        id=name,
        name=f"{width:g} x {height:g} mm",
        country="",
        what="free size",
        width=width,
        height=height,
        flavour=DEFAULTS["flavour"],
        condition=DEFAULTS["condition"],
        type_floor=DEFAULTS["type_floor"],
        rule_floor=DEFAULTS["rule_floor"],
        ink_limit=DEFAULTS["ink_limit"],
        deadline="",
        notes="",
        unknown=tuple(name for name in ASK if name != "size"),
    )


def _size(text: str) -> tuple[float, float]:
    match = _FREE.fullmatch(text)
    if match is None:
        raise OrderError(f"there is no paper {text!r}; `undersigned page papers` lists them, and 254x533 mm works too")
    factor = {"mm": 1.0, "in": 25.4}[match[3]]
    width, height = round(float(match[1]) * factor, 3), round(float(match[2]) * factor, 3)
    if not (80 <= width <= LARGEST and 80 <= height <= LARGEST):
        raise OrderError(f"{width:g} x {height:g} mm is not the size of a newspaper page")
    return width, height
