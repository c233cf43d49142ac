"""Checking a letter on its own site, while it lives (protocol.md section 7, "A live letter"; ADR 0088)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersigned.protocol.errors import InvalidError, LetterError, SignatureError
from undersigned.protocol.report import Report, Step
from undersigned.protocol.verify import STEPS, Progress

from . import verifier
from .bundle_folder import FolderFiles
from .reading import Reader, Reading

STAYS: Final = 3.0
"""Seconds over which names must contradict the log, in the same way, before that is said."""
_PAUSE: Final = 1.0
_NAMES: Final = frozenset({"openings", "editions", "files"})
"""Steps about what changes on a site. What the others look at never does: what they find is so."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. ``newest``: entries of the log when the check began; the report says how many were read."""

    report: Report
    newest: int


def verify_live(
    reader: Reader,
    folder: Path,
    *,
    letter: bytes | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Checked:
    """Reads a letter into ``folder``, the reader's, and verifies it.

    Names that contradict the log are read again: on a site that is in the middle of a change they do so for a moment.
    Raises ClientError if the letter cannot be read.
    """
    seen: dict[tuple[str, str], float] = {}
    while True:
        try:
            reading = reader.read()
        except InvalidError as error:
            return Checked(_refused(error), 0)
        report = verifier.verify(FolderFiles(folder), letter=letter, progress=progress, workers=workers)
        last = report.steps[-1]
        if report.outcome == "undetermined" and not reading.settled and reader.patient:
            # A file of names is missing, perhaps, while others are put in its place.
            pause(_PAUSE)
            continue
        if report.outcome != "invalid":
            return Checked(_lagging(report, reading), reading.newest)
        if last.name not in _NAMES:
            return Checked(report, reading.newest)
        now, claim = time.monotonic(), (last.name, last.detail)
        if reading.settled and now - seen.setdefault(claim, now) >= STAYS:
            return Checked(report, reading.newest)
        if not reader.patient:
            _unsay(report, "the site's names changed while they were read, again and again; try again in some minutes")
            return Checked(report, reading.newest)
        pause(_PAUSE)


def _lagging(report: Report, reading: Reading) -> Report:
    """What holds as far as it goes is no answer while names of entries that are in the log do not come."""
    if reading.lags:
        place = STEPS.index("checkpoint")
        said = (
            f"the log has {reading.newest} entries, and the site shows the names of the first {reading.at.size} only; "
            "try again in some minutes"
        )
        report.steps[place] = Step(place + 1, "checkpoint", "undetermined", said)
    return report


def _unsay(report: Report, why: str) -> None:
    last = report.steps[-1]
    report.steps[-1] = Step(last.number, last.name, "undetermined", f"{why} (last: {last.detail})")


def _refused(error: InvalidError) -> Report:
    """The report on a letter whose files contradict each other before all of them are here."""
    name = (
        "manifest" if isinstance(error, LetterError) else "checkpoint" if isinstance(error, SignatureError) else "log"
    )
    return Report(steps=[Step(STEPS.index(name) + 1, name, "invalid", str(error))])
