"""A benchmark's result: one figure, its control in the same run, and the bar."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "UNDERSIGNED_OUTCOMES"
"""The environment variable with the file to which every benchmark of ``bench/speed.py`` appends a line."""


@dataclass(frozen=True)
class Outcome:
    """One line of the table. ``value``: what is compared with ``bar``: a ratio, or a figure with ``unit``."""

    question: str
    measured: str
    control: str
    value: float
    bar: float
    unit: str = "x"
    at_most: bool = False

    @property
    def share(self) -> float:
        """Returns the share of the bar that is reached; 1 or more is all of it."""
        return self.bar / self.value if self.at_most else self.value / self.bar

    def figure(self, value: float) -> str:
        """Formats ``value`` for people."""
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.3g} {self.unit}"

    @property
    def spelt_bar(self) -> str:
        """Formats the bar for people."""
        return f"{'at most' if self.at_most else 'at least'} {self.figure(self.bar)}"

    def say(self) -> bool:
        """Prints and saves the line; returns whether the bar is reached."""
        print(f"{self.question}: {self.measured}; control: {self.control}; {self.figure(self.value)}", end=" ")
        print(f"(bar: {self.spelt_bar})", flush=True)
        self.keep()
        return self.share >= 1

    def keep(self) -> None:
        """Appends the line to the file of results, if there is one."""
        if FILE in os.environ:
            with Path(os.environ[FILE]).open("a") as file:
                file.write(json.dumps(asdict(self)) + "\n")


def read(file: Path) -> list[Outcome]:
    """Reads the results that benchmarks have written to ``file``."""
    return [Outcome(**json.loads(line)) for line in file.read_text().splitlines()]
