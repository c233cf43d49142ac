"""What an organiser is told of access codes: as of a batch, and in tens."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import NEWEST_VALUE, Field, Kind, Stored, Whom
from undersigned.web.records.models.letter import Letter


class Progress(models.Model):
    """Rewritten by the clerk when a batch has entered the log, never by a signatory's act."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    codes = models.PositiveIntegerField()  # codes there were, rounded down to tens
    activated = models.PositiveIntegerField()  # codes that had been used, rounded down to tens

    STORED: ClassVar = Stored(
        "How many codes have been used",
        "The organiser sees how the letter goes without seeing any person come.",
        NEWEST_VALUE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "codes": Field(Kind.TECHNICAL, Whom.NONE, "How many codes there are, in tens."),
            "activated": Field(Kind.TECHNICAL, Whom.NONE, "How many have been used, in tens."),
        },
    )

    class Meta:
        db_table = "letters_progress"

    def __str__(self) -> str:
        return f"{self.activated} of {self.codes}"
