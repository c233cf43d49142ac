"""One thing that is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``where``: a letter's slug, or the part of the site; ``what``: a sentence, without names of people."""

    where: str
    what: str
