"""Typesetting of a letter and its names: newspaper pages (PDF/X), a tagged archive PDF, slips, placards, pictures.

``make_page`` makes a page of exactly the booked size and proves that it shows the edition's names; ``list_papers`` has
the newspapers' specifications. Deterministic: no clock, no randomness, no Django, no network; the same order gives the
same bytes.
"""

from .archive import ArchiveReport, make_archive
from .bundle_order import archive_order_from_bundle, order_from_bundle
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
from .missing_glyphs import find_missing_glyphs, overrides_from
from .order import Beside, PageOrder
from .page import make_page
from .papers import Paper, find_paper, list_papers
from .report import Alteration, FitReport, PageReport
from .slips import PlacardOrder, Slip, SlipOrder, make_placard, make_slips

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
