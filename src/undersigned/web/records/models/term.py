"""The clerk's term."""

from __future__ import annotations

from django.db import models


class Term(models.Model):
    """One row: how often a clerk has taken over, and a random mark of the one whose turn it is.

    On PostgreSQL each transaction of a clerk looks at it (ADR 0056). The mark counts, not the number: a number that was
    raised on a primary and lost with it comes again.
    """

    term = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=32)

    class Meta:
        db_table = "operations_term"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_term")]

    def __str__(self) -> str:
        return f"term {self.term}"
