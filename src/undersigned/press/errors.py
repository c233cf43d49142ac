"""Every way the press can say no.

::

    PressError
    ├── OrderError              the order makes no sense: unknown paper, style, design, language, a date without a zone
    ├── PaperError              a paper's file is not of its form, or a figure a page needs is not known: ask the paper
    ├── FontError               a font is missing, or is not the one whose hash is pinned
    ├── MissingGlyphError       no font of ours can show a character: it is named, and so is where it stands
    ├── DidNotFitError          letter and names do not fit at the smallest type the paper prints (carries the report)
    ├── PreflightError          the finished page breaks a rule of its paper (carries every finding)
    ├── ReadBackError           the finished page does not hold exactly the names of the edition, in order
    ├── EngineError             the typesetting engine refused what we gave it: our mistake
    └── JobError                the process that made the page was killed, or needed more than it was given

A page that raises any of these is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Finding, FitReport


class PressError(Exception):
    """There is no page. The message is one sentence for the organiser."""


class OrderError(PressError):
    """The order asks for something that does not exist."""


class PaperError(PressError):
    """A paper's figures are malformed, or one that this page needs is not known."""


class FontError(PressError):
    """A font file is missing or is not the pinned one."""


class MissingGlyphError(PressError):
    """No font in the stack has ``character``. ``where``: the words it stands in."""

    def __init__(self, character: str, name: str, where: str) -> None:
        super().__init__(
            f"no font here can show {character!r} (U+{ord(character):04X} {name}), which stands in {where!r}"
        )
        self.character = character
        self.name = name
        self.where = where


class DidNotFitError(PressError):
    """The page cannot hold letter and names. ``report`` says by how much, because of what, and the ways out."""

    def __init__(self, message: str, report: FitReport) -> None:
        super().__init__(message)
        self.report = report


class PreflightError(PressError):
    """The finished page breaks rules. ``findings``: all of them, each with its rule and its figures."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{f.rule}: {f.text}" for f in findings[:5]) + (" ..." if len(findings) > 5 else ""))
        self.findings = tuple(findings)


class ReadBackError(PressError):
    """What stands on the page differs from the edition. ``position``: the first entry that does, from 0.

    ``among``: if it is one of several on a line and nothing says which, all of them.
    """

    def __init__(self, message: str, position: int | None = None, among: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.position = position
        self.among = tuple(among)


class EngineError(PressError):
    """The typesetting engine refused a page of ours."""


class JobError(PressError):
    """The page's process was killed, ran too long, or needed more memory than it was given. Nothing was written."""
