"""The number of used access codes shown to organisers: as of the last batch, rounded down to tens."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import NEWEST_VALUE, Field, Kind, Stored, Whom
from undersigned.web.records.models.letter import Letter


class Progress(models.Model):
    """Updated by the clerk after each batch, never when a signatory acts, so that it reveals no single use."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    codes = models.PositiveIntegerField()  # all codes, rounded down to tens
    activated = models.PositiveIntegerField()  # used codes, rounded down to tens

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
