"""What is said about a page: beside it in report.json, or instead of it when it did not fit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule. ``page``: from 1, 0 for the file. ``at``: where on it, in points from the top left corner."""

    rule: str
    page: int
    text: str
    at: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class FitReport:
    """How letter and names fit, or why they do not. Sizes in points.

    ``floor`` and ``whose``: the smallest type, and who says so. ``reached``: the size the names reached, or would
    reach without the floor. ``capacity``: by style, about how many such names the page holds at the floor.
    ``too_many``: names beyond that in the ordered style. ``binding``: the entry with the widest unbreakable piece.
    ``ways_out``: in words; ``note``: what is none. ``widest_gap``: the widest word space of justified lines, in ems.
    ``uneven``: rows between the fullest and the emptiest column.
    """

    fits: bool
    style: str
    names: int
    reached: float
    floor: float
    whose: str
    columns: int = 0
    pitch: float = 0.0
    letter_size: float = 0.0
    letter_columns: int = 0
    wrapped: float = 0.0
    widest_gap: float = 0.0
    uneven: int = 0
    capacity: Mapping[str, int] = dataclasses.field(default_factory=dict)
    too_many: int = 0
    binding: str = ""
    ways_out: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mended:
    """Something that is not printed as it was written, and why.

    ``key``: whose entry, as in the edition; "" for headline, letter, group, imprint. ``name``: as it is printed, title
    included; "" if it was set aside. ``signed``: as it stands in the edition.
    """

    key: str
    name: str
    what: str
    signed: str = ""


@dataclass(frozen=True, slots=True)
class PageReport:
    """Everything known about a written page. Hashes in hex; ``files``: name to SHA-256 of what was written."""

    paper: str
    width_mm: float
    height_mm: float
    flavour: str
    condition: str
    lang: str
    design: str
    edition: int
    edition_id: str
    fit: FitReport
    preflight: Mapping[str, Any]
    read_back: Mapping[str, Any]
    mended: tuple[Mended, ...]
    fonts: Mapping[str, str]
    engine: Mapping[str, str]
    ask: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Of page.pdf: what the schedule freezes."""
        return self.files["page.pdf"]


def to_json(report: PageReport | FitReport) -> bytes:
    """The report as JSON, keys sorted, one trailing line feed."""
    text = json.dumps(dataclasses.asdict(report), ensure_ascii=False, sort_keys=True, indent=1)
    return text.encode() + b"\n"
