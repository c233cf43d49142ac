"""An edition, from its notice on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .letter import Letter


class Edition(models.Model):
    """What admission needs to know of notices and cuts without reading the log, and what was published."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    after = models.CharField(max_length=20)
    noticed = models.BigIntegerField()  # Unix seconds: when this server took the notice
    cut_batch = models.PositiveIntegerField(null=True)  # the batch its cut closed
    published = models.CharField(max_length=43, null=True)  # noqa: DJ001 - edition id, base64url
    data = models.BinaryField(null=True)  # edition.json as published; null once a name had to be erased
    counts = models.BinaryField(null=True)  # counts.json, from publication on

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
    """The published editions of the letter with the primary key ``letter``, in order."""
    return Edition.objects.filter(letter=letter, published__isnull=False).order_by("number")
