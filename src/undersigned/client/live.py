"""Checking a letter on its own site, while it lives (protocol.md section 7, "A live letter"; ADR 0088)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersigned.protocol import findings
from undersigned.protocol.errors import InvalidError, LetterError, SignatureError
from undersigned.protocol.report import Report, Step
from undersigned.protocol.spec import STEPS
from undersigned.protocol.verify import Progress

from . import verifier
from .bundle_folder import FolderFiles
from .reading import Reader, Reading

STAYS: Final = 3.0
"""Seconds over which names must contradict the log, in the same way, before that is said."""
_PAUSE: Final = 1.0
_NAMES: Final = frozenset({"openings", "editions", "files"})
"""Steps about what changes on a site. What the others look at never does."""


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

    What is false is read again before that is said. Names that contradict the log do so for a moment on a site that is
    in the middle of a change; everything else does so if something on the way has cut or mixed up an answer.
    Raises ClientError if the letter cannot be read.
    """
    seen: dict[tuple[str, str], float] = {}
    refused: set[str] = set()
    while True:
        newest, settled = 0, True
        try:
            reading = reader.read()
        except InvalidError as error:
            report = _refused(error)
        else:
            newest, settled = reading.newest, reading.settled
            report = verifier.verify(FolderFiles(folder), letter=letter, progress=progress, workers=workers)
            if report.outcome == "undetermined" and not settled and reader.patient:
                # A file of names is missing, perhaps, while others are put in its place.
                pause(_PAUSE)
                continue
            if report.outcome != "invalid":
                return Checked(_lagging(report, reading), newest)
        last = report.steps[-1]
        if last.name not in _NAMES:
            # What never changes is believed to be false when it came so twice: a cache or a filter on the way may have
            # cut the first answer or mixed it up.
            if last.name in refused:
                return Checked(report, newest)
            refused.add(last.name)
            reader.forget()
            pause(_PAUSE)
            continue
        now, claim = time.monotonic(), (last.name, last.detail)
        if settled and now - seen.setdefault(claim, now) >= STAYS:
            return Checked(report, newest)
        if not reader.patient:
            _unsay(report)
            return Checked(report, newest)
        pause(_PAUSE)


def _lagging(report: Report, reading: Reading) -> Report:
    """What holds as far as it goes is no answer while names of entries that are in the log do not come."""
    if reading.lags:
        place = STEPS.index("checkpoint")
        lag = findings.names_lag(newest=reading.newest, shown=reading.at.size)
        report.steps[place] = Step(place + 1, "checkpoint", "undetermined", [lag])
    return report


def _unsay(report: Report) -> None:
    """Takes back what the last step found of names that did not stay the same while they were read."""
    last = report.steps[-1]
    changing = findings.names_changing(because=last.findings[0])
    report.steps[-1] = Step(last.number, last.name, "undetermined", [changing])


def _refused(error: InvalidError) -> Report:
    """The report on a letter whose files contradict each other before all of them are here."""
    name = (
        "manifest" if isinstance(error, LetterError) else "checkpoint" if isinstance(error, SignatureError) else "log"
    )
    return Report(steps=[Step(STEPS.index(name) + 1, name, "invalid", [error.finding])])
