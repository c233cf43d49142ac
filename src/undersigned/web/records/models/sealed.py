"""The object behind a signature that stands: a sealed name, or in a public letter a record."""

from __future__ import annotations

from django.db import models

from .letter import Letter


class SealedObject(models.Model):
    """Of each standing key the newest one, no other. Deleted when the key's withdrawal is in the log."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="objects_held")
    key = models.CharField(max_length=43)
    index = models.PositiveBigIntegerField()  # index of the `sign` entry that names it
    hash = models.CharField(max_length=43)
    body = models.BinaryField()

    class Meta:
        db_table = "signing_sealedobject"
        constraints = [
            models.UniqueConstraint(fields=["letter", "key"], name="one_object_a_key"),
            models.UniqueConstraint(fields=["letter", "index"], name="one_object_an_entry"),
        ]

    def __str__(self) -> str:
        return "object"
