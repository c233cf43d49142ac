"""Editions of a letter. Each row is created by the edition's notice."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from undersigned.web.records.classification import LETTER_LIFE, UNTIL_WITHDRAWN, Field, Kind, Stored, Whom

from .letter import Letter


class Edition(models.Model):
    """An edition: its notice and cut, so that admission need not read the log, and what was published."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    after = models.CharField(max_length=20)
    noticed = models.BigIntegerField()  # Unix seconds: when this server accepted the notice
    cut_batch = models.PositiveIntegerField(null=True)  # the batch its cut closed
    published = models.CharField(max_length=43, null=True)  # noqa: DJ001 - edition id, base64url
    data = models.BinaryField(null=True)  # edition.json as published; null once a name had to be erased
    counts = models.BinaryField(null=True)  # counts.json, once published

    STORED: ClassVar = Stored(
        "Editions",
        "A letter is published in editions: notice, cut, publication.",
        LETTER_LIFE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "number": Field(Kind.PUBLIC, Whom.NONE, "The edition's number."),
            "after": Field(Kind.PUBLIC, Whom.NONE, "The time before which it is not cut."),
            "noticed": Field(Kind.TECHNICAL, Whom.ORGANISER, "When the organiser gave notice."),
            "cut_batch": Field(Kind.TECHNICAL, Whom.NONE, "The batch that was cut."),
            "published": Field(Kind.PUBLIC, Whom.NONE, "The edition's id."),
            "data": Field(
                Kind.PUBLIC,
                Whom.SIGNATORY,
                "The published edition with its names. It is reduced to its counts when a person in it withdraws.",
                UNTIL_WITHDRAWN,
            ),
            "counts": Field(Kind.PUBLIC, Whom.NONE, "The published counts, without names."),
        },
    )

    class Meta:
        db_table = "editions_edition"
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="one_edition_a_number"),
            models.CheckConstraint(
                condition=Q(published__isnull=True, data__isnull=True, counts__isnull=True)
                | Q(published__isnull=False, cut_batch__isnull=False, counts__isnull=False),
                name="published_only_after_its_cut",
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.number}"


def published_editions(letter: int) -> models.QuerySet[Edition]:
    """The published editions of the letter with the primary key ``letter``, in order of their numbers."""
    return Edition.objects.filter(letter=letter, published__isnull=False).order_by("number")
