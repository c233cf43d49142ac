"""Accepted entries that the log refused. There should be none; each one is reported."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom

from .letter import Letter


class Refused(models.Model):
    """An entry that admission accepted and the clerk's fold refused: evidence of a bug, stored without its object."""

    leaf = models.CharField(max_length=43, primary_key=True)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="refused")
    kind = models.CharField(max_length=8)
    reason = models.CharField(max_length=200)

    STORED: ClassVar = Stored(
        "Accepted entries that could not enter the log",
        "Evidence of a fault of the site. There should be none.",
        LETTER_LIFE,
        {
            "leaf": Field(Kind.PERSONAL, Whom.SIGNATORY, "The entry's hash, as in the signatory's receipt."),
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "kind": Field(Kind.TECHNICAL, Whom.NONE, "Signature, withdrawal, or an act of organiser or trustee."),
            "reason": Field(Kind.TECHNICAL, Whom.NONE, "The rule that it broke."),
        },
    )

    class Meta:
        db_table = "signing_refused"
        verbose_name_plural = "refused"

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
