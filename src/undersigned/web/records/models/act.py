"""The audit trail: acts of organisers, trustees and the clerk. A signatory's are in the log only, without a time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom


class Act(models.Model):
    """Who did what to which letter, and when. No foreign keys, so that the record outlives the letter."""

    at = models.BigIntegerField()  # Unix seconds
    by = models.CharField(max_length=40)  # "organiser", "trustee 2", "clerk"
    verb = models.CharField(max_length=40)
    letter = models.CharField(max_length=80)  # the letter's slug
    detail = models.CharField(
        max_length=200,
        blank=True,  # numbers and hashes; never a name or a key of a signatory
    )

    STORED: ClassVar = Stored(
        "What organisers and trustees did",
        "The audit trail: opening, publishing and reviewing a letter can be traced. A signatory's act is never in it.",
        LETTER_LIFE,
        {
            "at": Field(Kind.PERSONAL, Whom.ORGANISER, "The time of the act, to the second."),
            "by": Field(Kind.PERSONAL, Whom.ORGANISER, "The role that acted: organiser, trustee 2, clerk. No name."),
            "verb": Field(Kind.TECHNICAL, Whom.ORGANISER, "What was done, in one word."),
            "letter": Field(Kind.PUBLIC, Whom.NONE, "The letter's short name in its address."),
            "detail": Field(
                Kind.TECHNICAL, Whom.ORGANISER, "Numbers and hashes of the act, never a signatory's name or key."
            ),
        },
    )

    class Meta:
        db_table = "audit_act"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.letter} {self.detail}".strip()
