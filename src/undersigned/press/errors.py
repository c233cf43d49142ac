"""The exceptions of the press.

::

    PressError
    ├── OrderError              invalid order: unknown paper, style, design or language, a date without a time zone
    ├── PaperError              a paper's file is malformed, or a figure that the page needs is unknown: ask the paper
    ├── FontError               a font is missing, or its hash is not the pinned one
    ├── MissingGlyphError       no font has a glyph for a character: names the character and its context
    ├── DidNotFitError          letter and names do not fit at the paper's minimum type size (carries the report)
    ├── PreflightError          the finished page breaks a rule of its paper (carries every finding)
    ├── ReadBackError           the finished page does not show exactly the edition's names, in order
    ├── EngineError             the typesetting engine rejected our input: a bug of ours
    └── JobError                the typesetting process was killed, timed out or ran out of memory

When one of these is raised, no page is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Finding, FitReport


class PressError(Exception):
    """No page was made. The message is one sentence for the organiser."""


class OrderError(PressError):
    """The order is invalid or names something that does not exist."""


class PaperError(PressError):
    """A paper's file is malformed, or a figure that this page needs is unknown."""


class FontError(PressError):
    """A font file is missing or is not the pinned one."""


class MissingGlyphError(PressError):
    """No font in the stack has a glyph for ``character``. ``where``: the text that contains it."""

    def __init__(self, character: str, name: str, where: str) -> None:
        super().__init__(
            f"no font here has a glyph for {character!r} (U+{ord(character):04X} {name}), used in {where!r}"
        )
        self.character = character
        self.name = name
        self.where = where


class DidNotFitError(PressError):
    """Letter and names do not fit. ``report``: by how much, which name limits the size, and the alternatives."""

    def __init__(self, message: str, report: FitReport) -> None:
        super().__init__(message)
        self.report = report


class PreflightError(PressError):
    """Preflight failed. ``findings``: all of them, each with its rule and figures."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{f.rule}: {f.text}" for f in findings[:5]) + (" ..." if len(findings) > 5 else ""))
        self.findings = tuple(findings)


class ReadBackError(PressError):
    """The page differs from the edition. ``position``: the index of the first entry that does, from 0.

    ``among``: the candidates, if the entry is one of several on a line and cannot be determined.
    """

    def __init__(self, message: str, position: int | None = None, among: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.position = position
        self.among = tuple(among)


class EngineError(PressError):
    """The typesetting engine rejected our input."""


class JobError(PressError):
    """The typesetting process was killed, timed out or ran out of memory. Nothing was written."""
