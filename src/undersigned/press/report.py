"""Report structures: on a finished page (report.json), on how the text fits, and preflight findings."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken preflight rule. ``page``: from 1, 0 for the file. ``at``: position in points from the top left."""

    rule: str
    page: int
    text: str
    at: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class FitReport:
    """How letter and names fit, or why they do not. Sizes in points.

    ``floor`` and ``whose``: the minimum type size, and who requires it. ``reached``: the size the names have, or would
    have without the minimum. ``capacity``: by style, about how many such names fit at the minimum size. ``too_many``:
    names beyond that in the ordered style. ``binding``: the entry with the widest unbreakable piece. ``ways_out``: the
    alternatives, in words; ``note``: what is not one. ``widest_gap``: the widest word space of justified lines, in ems.
    ``uneven``: difference in rows between the fullest and the emptiest column.
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
class Alteration:
    """A text that is not printed as it was written, and why.

    ``key``: the entry's, as in the edition; "" for headline, letter, group, imprint. ``name``: as it is printed, with
    the title; "" if it was set aside. ``signed``: as it is in the edition.
    """

    key: str
    name: str
    what: str
    signed: str = ""


@dataclass(frozen=True, slots=True)
class PageReport:
    """The report on a written page. Hashes in hex; ``files``: name to SHA-256 of the written files."""

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
    mended: tuple[Alteration, ...]
    fonts: Mapping[str, str]
    engine: Mapping[str, str]
    ask: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The hash of page.pdf, which the schedule freezes when the page is sent."""
        return self.files["page.pdf"]


def to_json(report: PageReport | FitReport) -> bytes:
    """The report as JSON, keys sorted, one trailing line feed."""
    text = json.dumps(dataclasses.asdict(report), ensure_ascii=False, sort_keys=True, indent=1)
    return text.encode() + b"\n"
