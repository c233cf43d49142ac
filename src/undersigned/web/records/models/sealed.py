"""Sealed names, or a public letter's records: the object of each key that has signed and not withdrawn."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_REPLACED, Field, Kind, Stored, Whom

from .letter import Letter


class SealedObject(models.Model):
    """The newest object of a key. Deleted once the key's withdrawal is in the log."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="objects_held")
    key = models.CharField(max_length=43)
    index = models.PositiveBigIntegerField()  # index of the `sign` entry that names it
    hash = models.CharField(max_length=43)
    body = models.BinaryField()

    STORED: ClassVar = Stored(
        "Sealed names",
        "The name as the signatory wants it shown, encrypted so that only enough trustees together can open it. In a "
        "public letter it is not sealed but shown.",
        UNTIL_REPLACED,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "key": Field(Kind.PUBLIC, Whom.SIGNATORY, "The signatory's public key: a pseudonym made for this letter."),
            "index": Field(Kind.PUBLIC, Whom.NONE, "The entry of the log that it belongs to."),
            "hash": Field(Kind.PUBLIC, Whom.SIGNATORY, "The hash of the sealed name, as in the log."),
            "body": Field(
                Kind.SECRET, Whom.SIGNATORY, "The sealed name; in a public letter the name, which is published."
            ),
        },
    )

    class Meta:
        db_table = "signing_sealedobject"
        constraints = [
            models.UniqueConstraint(fields=["letter", "key"], name="one_object_a_key"),
            models.UniqueConstraint(fields=["letter", "index"], name="one_object_an_entry"),
        ]

    def __str__(self) -> str:
        return "object"
