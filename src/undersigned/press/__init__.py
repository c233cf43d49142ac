"""The press: a letter and its names as a newspaper's page, exactly the booked size, provably the signed names.

``make_page`` for the page; ``papers`` for what the newspapers ask. Pure of clocks and chance: the same order, the same
bytes. Knows no Django and no network.
"""

from .errors import (
    DidNotFitError,
    EngineError,
    FontError,
    MissingGlyphError,
    OrderError,
    PaperError,
    PreflightError,
    PressError,
    ReadBackError,
)
from .make import make_page
from .order import Beside, PageOrder
from .papers import Paper, papers
from .report import FitReport, PageReport

__all__ = [
    "Beside",
    "DidNotFitError",
    "EngineError",
    "FitReport",
    "FontError",
    "MissingGlyphError",
    "OrderError",
    "PageOrder",
    "PageReport",
    "Paper",
    "PaperError",
    "PreflightError",
    "PressError",
    "ReadBackError",
    "make_page",
    "papers",
]
