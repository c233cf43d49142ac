"""Records a rehearsal's times, rates and figures, and compares them with the plan."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from undersigned import durable

from .. import voice


@dataclass(slots=True)
class Record:
    """The record, filled in stage by stage. ``planned``, ``measured``: figures by name; ``rates``: per second."""

    planned: dict[str, Any]
    measured: dict[str, Any] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @contextlib.contextmanager
    def stage(self, name: str, rate: tuple[str, int] | None = None) -> Iterator[voice.Report]:
        """Times a stage. ``rate``: the name of a rate, and how many items the stage processes."""
        started = time.monotonic()
        with voice.stage(name) as report:
            yield report
        spent = time.monotonic() - started
        self.times[name] = round(spent, 3)
        if rate is not None and spent > 0:
            self.rates[rate[0]] = round(rate[1] / spent, 1)

    def expect(self, name: str, planned: object, measured: object) -> None:
        """Adds a planned and a measured figure."""
        self.planned[name], self.measured[name] = planned, measured

    @property
    def wrong(self) -> list[str]:
        """The figures that are not as planned, or missing."""
        return [name for name, value in self.planned.items() if self.measured.get(name) != value]

    def summary(self) -> dict[str, Any]:
        """All data for ``summary.json``."""
        return {
            "type": "rehearsal",
            "ok": not self.wrong,
            "planned": self.planned,
            "measured": self.measured,
            "rates": self.rates,
            "times": self.times,
            **self.facts,
        }

    def write(self, out: Path) -> None:
        """Writes ``summary.json``."""
        text = json.dumps(self.summary(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        durable.write_over(out / "summary.json", text.encode("utf-8"), mode=0o644)

    def show(self) -> None:
        """Prints the final table."""
        wrong = set(self.wrong)
        rows = [
            (name, _short(value), _short(self.measured.get(name, "-")), "NOT AS PLANNED" if name in wrong else "ok")
            for name, value in self.planned.items()
        ]
        voice.table("Planned and measured", ("figure", "planned", "measured", ""), rows)
        for name, rate in self.rates.items():
            voice.say(f"  {rate:,.0f} {name} a second")


def _short(value: object) -> str:
    """A figure for the table; ids are shortened to their beginning."""
    text = str(value)
    return f"{text[:16]}…" if len(text) > 24 else text
