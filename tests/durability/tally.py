"""The table of ``make durability``: each fault, how often it was made real, who was promised a place, who lost it."""

from __future__ import annotations

import datetime
import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .gate import KINDS

RESULTS = Path(__file__).parents[2] / "bench" / "results" / "durability.md"
_HEAD = ("line", "fault", "trials", "acknowledged", "lost", "control", "its trials", "its acknowledged", "its lost")

_OTHERS = """
Tests that run with every change cover the other lines of the bar:

| line | what | where |
| --- | --- | --- |
| R2, R12 | a crash between any two durable effects of log and edition; control: a clerk that serves too early | `tests/web/test_clerk.py` |
| R7 | a synchronous wait that was cut short is never acknowledged; control: Django's own commit sends a receipt for what the standby lacks | `tests/web/test_postgresql.py` |
| R8 | an SQLite that can lose commits is refused; that one such does is shown above | `tests/web/test_serve.py` |
| R9 | a restored log never forks; control: unpacked by hand, it does | `tests/cli/test_backup.py` |
| R11 | a clock that is wrong by an hour or a year; control: a clerk that trusts it | `tests/web/test_clock.py` |
| | overload, a busy database, a failing commit, the same entry sent concurrently | `tests/web/test_races.py` |
| | a second clerk; SIGTERM; one of the processes dies | `tests/web/test_serve.py` |
| | each of a long list of planted faults is found and named | `tests/cli/test_doctor_faults.py`, `tests/web/test_doctor.py` |
"""  # noqa: E501


@dataclass
class Row:
    """One fault. ``line``: of the bar, R1 to R12."""

    line: str
    fault: str
    control: str
    trials: int = 0
    acknowledged: int = 0
    lost: int = 0
    control_trials: int = 0
    control_acknowledged: int = 0
    control_lost: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def hit(self, kind: str) -> None:
        """One more trial; the call that went wrong was of this kind (``gate.KINDS``)."""
        self.trials += 1
        self.kinds[kind] += 1

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        figures = (self.trials, self.acknowledged, self.lost)
        control = (self.control_trials, self.control_acknowledged, self.control_lost)
        return (self.line, self.fault, *map(str, figures), self.control, *map(str, control))


class Tally:
    """Rows as tests fill them."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def row(self, line: str, fault: str, control: str) -> Row:
        """The row of a fault, made at the first call."""
        return self._rows.setdefault(fault, Row(line, fault, control))

    def text(self) -> str:
        """All of it, as Markdown."""
        rows = sorted(self._rows.values(), key=lambda row: (int(row.line.removeprefix("R")), row.fault))
        text = _table(_HEAD, [row.cells() for row in rows])
        with_kinds = [row for row in rows if row.kinds]
        if with_kinds:
            cells = [(row.line, row.fault, *(str(row.kinds[kind]) for kind in KINDS)) for row in with_kinds]
            text += "\nTrials by the kind of call that went wrong:\n\n" + _table(("line", "fault", *KINDS), cells)
        return text

    def __bool__(self) -> bool:
        return bool(self._rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def write(tally: Tally) -> None:
    """Keeps the table in ``bench/results``."""
    when = datetime.datetime.now(datetime.UTC).date()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(
        "# Durability under real faults\n\n"
        f"`make durability` of {when}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}. "
        "*Acknowledged*: receipts that were given; of editions, migrations and a trustee's tool, those gone through "
        "with. *Lost*: of these, not in the log afterwards; editions half there; schemas half made; of a trustee's "
        "tool, a mirror torn, a fork cosigned, a key gone, a next run that is stuck.\n"
        "A control is the same trial with one safeguard removed; it must lose something, or the trial shows "
        "nothing.\n"
        "*A call* is a system call that changes something in the data directory, counted over all threads and "
        "processes of a site ([0063](../../docs/adr/0063-fault-tests-intercept-system-calls-with-seccomp.md)). For a "
        "signature, a withdrawal and a trustee's tool every call is tried; for an edition every twelfth, and with "
        "`make durability-every` all ([every-call.md](every-call.md)).\n"
        "R8 is two trials: eight processes for two minutes, in which an SQLite that can lose commits loses none by "
        "chance either; and the moment itself, made.\n\n" + tally.text() + _OTHERS,
        encoding="utf-8",
    )
