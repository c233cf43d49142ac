"""What checking a letter found: steps, figures, and one outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Outcome = Literal["valid", "invalid", "undetermined"]

NO_ROLL: Final = "this letter has no roll"
NO_TRUSTEES: Final = "a public letter has no trustees"
NO_EDITION: Final = "nothing has been published yet"
LEFT_OUT: Final = "an edition was cut, and none is here: it is not published yet, or was left out"
INAPPLICABLE: Final = frozenset({NO_ROLL, NO_TRUSTEES, NO_EDITION})
"""Sentences of steps that found nothing to check: valid, and nobody should read them as something that was shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the run: its number from 1, its name, what came out, and one sentence."""

    number: int
    name: str
    outcome: Outcome
    detail: str

    @property
    def applies(self) -> bool:
        """Whether there was anything for this step to check."""
        return self.detail not in INAPPLICABLE


@dataclass(slots=True)
class Report:
    """What a run found. Figures are those of the log; they are there as far as the run came."""

    steps: list[Step] = field(default_factory=list)
    letter: str | None = None
    size: int | None = None
    signed: int | None = None
    withdrawn: int | None = None
    standing: int | None = None
    cosignatures: int | None = None
    editions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """``invalid`` if any step is, else ``undetermined`` if any is, else ``valid``."""
        found = {step.outcome for step in self.steps}
        return "invalid" if "invalid" in found else "undetermined" if "undetermined" in found else "valid"
