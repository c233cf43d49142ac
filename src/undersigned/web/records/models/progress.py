"""What an organiser is told of access codes: as of a batch, and in tens."""

from __future__ import annotations

from django.db import models

from undersigned.web.records.models.letter import Letter


class Progress(models.Model):
    """Rewritten by the clerk when a batch has entered the log, never by a signatory's act."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    codes = models.PositiveIntegerField()  # codes there were, rounded down to tens
    activated = models.PositiveIntegerField()  # codes that had been used, rounded down to tens

    class Meta:
        db_table = "letters_progress"

    def __str__(self) -> str:
        return f"{self.activated} of {self.codes}"
