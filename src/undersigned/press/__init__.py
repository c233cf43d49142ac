"""The press: a letter and its names as a newspaper's page, exactly the booked size, provably the signed names.

``make_page`` for the page; ``papers`` for what the newspapers ask. Pure of clocks and chance: the same order, the same
bytes. Knows no Django and no network.
"""

from .archive import ArchiveReport, make_archive
from .bundled import archive_order, order_from
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
from .make import make_page
from .missing import not_shown, overrides_from
from .order import Beside, PageOrder
from .papers import Paper, find, papers
from .report import FitReport, Mended, PageReport
from .slips import PlacardOrder, Slip, SlipOrder, make_placard, make_slips

__all__ = [
    "ArchiveReport",
    "Beside",
    "DidNotFitError",
    "EngineError",
    "FitReport",
    "FontError",
    "JobError",
    "Mended",
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
    "archive_order",
    "find",
    "make_archive",
    "make_page",
    "make_placard",
    "make_slips",
    "not_shown",
    "order_from",
    "overrides_from",
    "papers",
]
