"""Verifies a letter on its live site, where names and log may change meanwhile (protocol.md section 7, "A live letter";
ADR 0088)."""

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
from .live_snapshot import Snapshot, SnapshotReader

STAYS: Final = 3.0
"""Seconds for which names must contradict the log in the same way before the check fails: they may be in transition."""
_PAUSE: Final = 1.0
_NAMES: Final = frozenset({"openings", "editions", "files"})
"""Verification steps about files that change on a live site; the other steps read files that never change."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    """The result. ``newest``: the log's size when the check began; the report has the size that was read."""

    report: Report
    newest: int


def verify_live(
    reader: SnapshotReader,
    folder: Path,
    *,
    letter: bytes | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> LiveReport:
    """Reads a letter into ``folder``, the reader's, and verifies it.

    A failed step is repeated with fresh data before it is reported. Names may contradict the log for a moment while the
    site publishes; other contradictions may come from a response that was truncated or mixed up on the way.
    Raises ClientError if the letter cannot be read.
    """
    seen: dict[tuple[str, str], float] = {}
    refused: set[str] = set()
    while True:
        newest, settled = 0, True
        try:
            reading = reader.read()
        except InvalidError as error:
            report = _invalid_report(error)
        else:
            newest, settled = reading.newest, reading.settled
            report = verifier.verify(FolderFiles(folder), letter=letter, progress=progress, workers=workers)
            if report.outcome == "undetermined" and not settled and reader.patient:
                # Perhaps a file of names is missing only while the site replaces it.
                pause(_PAUSE)
                continue
            if report.outcome != "invalid":
                return LiveReport(_undetermined_if_lagging(report, reading), newest)
        last = report.steps[-1]
        if last.name not in _NAMES:
            # Files that never change are reported as false only if a second download agrees: a cache or filter on the
            # way may have truncated or mixed up the first response.
            if last.name in refused:
                return LiveReport(report, newest)
            refused.add(last.name)
            reader.forget()
            pause(_PAUSE)
            continue
        now, claim = time.monotonic(), (last.name, last.detail)
        if settled and now - seen.setdefault(claim, now) >= STAYS:
            return LiveReport(report, newest)
        if not reader.patient:
            _make_undetermined(report)
            return LiveReport(report, newest)
        pause(_PAUSE)


def _undetermined_if_lagging(report: Report, reading: Snapshot) -> Report:
    """Replaces success by "undetermined" if the site lags behind: names of logged entries are missing."""
    if reading.lags:
        place = STEPS.index("checkpoint")
        lag = findings.names_lag(newest=reading.newest, shown=reading.at.size)
        report.steps[place] = Step(place + 1, "checkpoint", "undetermined", [lag])
    return report


def _make_undetermined(report: Report) -> None:
    """Makes the last step undetermined: the names kept changing while they were read."""
    last = report.steps[-1]
    changing = findings.names_changing(because=last.findings[0])
    report.steps[-1] = Step(last.number, last.name, "undetermined", [changing])


def _invalid_report(error: InvalidError) -> Report:
    """The report on a letter whose files contradict each other before all of them are here."""
    name = (
        "manifest" if isinstance(error, LetterError) else "checkpoint" if isinstance(error, SignatureError) else "log"
    )
    return Report(steps=[Step(STEPS.index(name) + 1, name, "invalid", [error.finding])])
