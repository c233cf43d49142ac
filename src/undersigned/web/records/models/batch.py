"""A batch: entries that enter the log together, shuffled (protocol.md section 6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .letter import Letter


class Batch(models.Model):
    """Entries taken between one batch and the next. All of them got the same promise: in the log by ``by``.

    An act of organiser or trustee closes its batch and stands last in it, so that what was taken before a cut is
    counted before it, and what came after is not.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    by = models.CharField(max_length=20)  # the time promised in receipts
    due = models.BigIntegerField()  # Unix seconds: no more waiting for company after this; 0 once in the log
    urgent = models.BooleanField(default=False)  # a withdrawal or an act waits: no minimum
    closed = models.BooleanField(default=False)  # takes no more entries

    class Meta:
        db_table = "signing_batch"
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="batches_are_numbered"),
            models.UniqueConstraint(fields=["letter"], condition=Q(closed=False), name="one_open_batch"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}"
