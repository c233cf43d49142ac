"""The three page designs, as proportions. All share one layout model (compose.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Design:
    """``margin``: share of the shorter side; ``headline``: its size as a share of the width, in points per point.

    ``align``: of headline and count; ``rules``: whether thin rules separate the parts; ``names_first``: names on top.
    """

    name: str
    margin: float
    headline: float
    align: Literal["center", "start"]
    rules: bool
    names_first: bool


DESIGNS: Final[Mapping[str, Design]] = {
    "classic": Design("classic", 0.024, 0.046, "center", rules=True, names_first=False),
    "plain": Design("plain", 0.024, 0.044, "start", rules=False, names_first=False),
    "names-first": Design("names-first", 0.024, 0.042, "start", rules=True, names_first=True),
}

HEADLINE_OVER_LETTER: Final = 1.4
COUNT_UNDER_LETTER: Final = 0.8
"""The count is never set smaller than this share of the letter's size: it is what the page is about."""
LETTER_LEAD: Final = 1.36
"""Line pitch of the letter, as a multiple of its size."""
LETTER_MEASURE: Final = (24.0, 36.0)
"""Ems: 55 to 85 characters a line, the range that reads well."""
NAMES_LEAD: Final[Mapping[str, float]] = {"ar": 1.36, "fa": 1.36, "ur": 1.5, "ja": 1.2, "zh": 1.2, "ko": 1.2}
NAMES_LEAD_DEFAULT: Final = 1.12
LARGEST_LETTER: Final = 34.0
SMALLEST_LETTER: Final = 9.0
LARGEST_NAMES: Final = 22.0
PREFERRED_NAMES: Final = 7.5
"""Names grow to this size, in points, before the letter grows further."""
FOOT_SIZE: Final = 7.5
RULE: Final = 0.6
"""Points: 0.21 mm, twice the thinnest rule that any of our papers allows."""


def names_lead(lang: str) -> float:
    """The minimum line pitch of names in ``lang``, as a multiple of their size: Naskh needs more than Latin."""
    return NAMES_LEAD.get(lang.split("-")[0], NAMES_LEAD_DEFAULT)
