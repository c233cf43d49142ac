"""Typesetting of a letter and its names: newspaper pages (PDF/X), a tagged archive PDF, slips, placards, pictures.

``make_page`` makes a page of exactly the booked size and proves that it shows the edition's names; ``list_papers`` has
the newspapers' specifications. Deterministic: no clock, no randomness, no Django, no network; the same order gives the
same bytes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from .errors import (
    DidNotFitError,
    EngineError,
    FontError,
    JobError,
    MissingGlyphError,
    OrderError,
    PaperError,
    PreflightError,
    PressError,
    ReadBackError,
)
from .order import Beside, PageOrder
from .papers import Paper, find_paper, list_papers
from .report import Alteration, FitReport, PageReport

# What sets pages brings typst, fonts and PDF libraries: 17 MB of memory. A web worker, and a clerk that makes no page,
# need only orders and errors, so the rest is imported when it is first asked for (PEP 562).
if TYPE_CHECKING:
    from .archive import ArchiveReport, make_archive
    from .bundle_order import archive_order_from_bundle, order_from_bundle
    from .missing_glyphs import find_missing_glyphs, overrides_from
    from .page import make_page
    from .slips import PlacardOrder, Slip, SlipOrder, make_placard, make_slips

_LATER: Final = {
    "ArchiveReport": "archive", "make_archive": "archive",
    "archive_order_from_bundle": "bundle_order", "order_from_bundle": "bundle_order",
    "make_page": "page",
    "find_missing_glyphs": "missing_glyphs", "overrides_from": "missing_glyphs",
    "PlacardOrder": "slips", "Slip": "slips", "SlipOrder": "slips", "make_placard": "slips", "make_slips": "slips",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found


__all__ = [
    "Alteration",
    "ArchiveReport",
    "Beside",
    "DidNotFitError",
    "EngineError",
    "FitReport",
    "FontError",
    "JobError",
    "MissingGlyphError",
    "OrderError",
    "PageOrder",
    "PageReport",
    "Paper",
    "PaperError",
    "PlacardOrder",
    "PreflightError",
    "PressError",
    "ReadBackError",
    "Slip",
    "SlipOrder",
    "archive_order_from_bundle",
    "find_missing_glyphs",
    "find_paper",
    "list_papers",
    "make_archive",
    "make_page",
    "make_placard",
    "make_slips",
    "order_from_bundle",
    "overrides_from",
]
