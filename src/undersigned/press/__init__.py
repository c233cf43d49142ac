"""The press: a letter and its names as a newspaper's page, exactly the booked size, provably the signed names.

``make_page`` for the page; ``papers`` for what the newspapers ask. Pure of clocks and chance: the same order, the same
bytes. Knows no Django and no network.
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
from .papers import Paper, find, papers
from .report import FitReport, Mended, PageReport

# What sets pages brings typst, fonts and PDF libraries: 17 MB of memory. A web worker, and a clerk that makes no page,
# need only orders and errors, so the rest is imported when it is first asked for (PEP 562).
if TYPE_CHECKING:
    from .archive import ArchiveReport, make_archive
    from .bundled import archive_order, order_from
    from .make import make_page
    from .missing import not_shown, overrides_from
    from .slips import PlacardOrder, Slip, SlipOrder, make_placard, make_slips

_LATER: Final = {
    "ArchiveReport": "archive", "make_archive": "archive",
    "archive_order": "bundled", "order_from": "bundled",
    "make_page": "make",
    "not_shown": "missing", "overrides_from": "missing",
    "PlacardOrder": "slips", "Slip": "slips", "SlipOrder": "slips", "make_placard": "slips", "make_slips": "slips",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = found
    return found


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
