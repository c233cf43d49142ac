"""A batch: entries that enter the log together, shuffled (protocol.md section 6)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom

from .letter import Letter


class Batch(models.Model):
    """Entries accepted since the last batch. All their receipts promise the same time, ``by``.

    An act of an organiser or a trustee closes its batch and is its last entry, so that a cut counts each entry accepted
    before it, and none accepted later.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    by = models.CharField(max_length=20)  # the time promised in receipts
    due = models.BigIntegerField()  # Unix seconds: when it stops waiting for more entries; 0 once in the log
    urgent = models.BooleanField(default=False)  # a withdrawal or an act waits: no minimum
    closed = models.BooleanField(default=False)  # accepts no more entries

    STORED: ClassVar = Stored(
        "Batches of log entries",
        "Entries enter the log together and shuffled, so that nothing tells in which order people came.",
        LETTER_LIFE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "number": Field(Kind.TECHNICAL, Whom.NONE, "The batch's number."),
            "by": Field(Kind.TECHNICAL, Whom.NONE, "The time promised to everyone in the batch alike."),
            "due": Field(Kind.TECHNICAL, Whom.NONE, "When the batch has to enter the log; zero once it has."),
            "urgent": Field(Kind.TECHNICAL, Whom.NONE, "A withdrawal or an organiser's act is in the batch."),
            "closed": Field(Kind.TECHNICAL, Whom.NONE, "The batch takes no more entries."),
        },
    )

    class Meta:
        db_table = "signing_batch"
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="batches_are_numbered"),
            models.UniqueConstraint(fields=["letter"], condition=Q(closed=False), name="one_open_batch"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}"
