"""The report of a verification: its steps with their findings, the letter's figures, and one outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .finding import Finding
from .spec import INAPPLICABLE

Outcome = Literal["valid", "invalid", "undetermined"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the run: its number from 1, its name, what came out, and why: at least one finding."""

    number: int
    name: str
    outcome: Outcome
    findings: list[Finding]

    @property
    def detail(self) -> str:
        """The findings in English."""
        return "; ".join(finding.sentence for finding in self.findings)

    @property
    def applies(self) -> bool:
        """Whether there was anything for this step to check: if not, it is valid but nothing was shown."""
        return all(finding.id not in INAPPLICABLE for finding in self.findings)


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
