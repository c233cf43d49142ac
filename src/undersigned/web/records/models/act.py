"""One act of an organiser, a trustee or the clerk. Never a signatory's: those stand in the log, without a time."""

from __future__ import annotations

from django.db import models


class Act(models.Model):
    """Who did what to which letter, when. No foreign keys: the record outlives what it speaks of."""

    at = models.BigIntegerField()  # Unix seconds
    by = models.CharField(max_length=40)  # "organiser", "trustee 2", "clerk"
    verb = models.CharField(max_length=40)
    letter = models.CharField(max_length=80)  # the letter's slug
    detail = models.CharField(
        max_length=200,
        blank=True,  # numbers and hashes; never a name or a key of a signatory
    )

    class Meta:
        db_table = "audit_act"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.letter} {self.detail}".strip()
