"""What a bench found: one figure, its control in the same run, and the bar."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "UNDERSIGNED_OUTCOMES"
"""Names the file into which ``bench/speed.py`` has every bench write a line."""


@dataclass(frozen=True)
class Outcome:
    """One line of the table. ``value``: what is held against ``bar``, a ratio or a figure with ``unit``."""

    question: str
    measured: str
    control: str
    value: float
    bar: float
    unit: str = "x"
    at_most: bool = False

    @property
    def share(self) -> float:
        """How much of the bar is reached: 1 and more is all of it."""
        return self.bar / self.value if self.at_most else self.value / self.bar

    def figure(self, value: float) -> str:
        """``value`` as people read it."""
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.3g} {self.unit}"

    @property
    def spelt_bar(self) -> str:
        """The bar as people read it."""
        return f"{'at most' if self.at_most else 'at least'} {self.figure(self.bar)}"

    def say(self) -> bool:
        """Prints the line and keeps it; returns whether the bar is reached."""
        print(f"{self.question}: {self.measured}; control: {self.control}; {self.figure(self.value)}", end=" ")
        print(f"(bar: {self.spelt_bar})", flush=True)
        self.keep()
        return self.share >= 1

    def keep(self) -> None:
        """Writes the line where lines are collected, if anybody does."""
        if FILE in os.environ:
            with Path(os.environ[FILE]).open("a") as file:
                file.write(json.dumps(asdict(self)) + "\n")


def read(file: Path) -> list[Outcome]:
    """What benches have written into ``file``."""
    return [Outcome(**json.loads(line)) for line in file.read_text().splitlines()]
