"""The clerk's lease: which process may write the log."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import NEWEST_VALUE, Field, Kind, Stored, Whom


class Term(models.Model):
    """The lease, in one row: how often a clerk has taken over, and a random id of the clerk that holds it.

    On PostgreSQL each of a clerk's transactions checks it (ADR 0056), by the random id and not by the number: a number
    that was raised on a primary and lost in a failover is used again.
    """

    term = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=32)

    STORED: ClassVar = Stored(
        "Which background worker is in charge",
        "Where several machines run one site, only one of them may write the log.",
        NEWEST_VALUE,
        {
            "term": Field(Kind.TECHNICAL, Whom.NONE, "How often one has taken over."),
            "holder": Field(Kind.TECHNICAL, Whom.NONE, "A random mark of the one in charge."),
        },
    )

    class Meta:
        db_table = "operations_term"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_term")]

    def __str__(self) -> str:
        return f"term {self.term}"
