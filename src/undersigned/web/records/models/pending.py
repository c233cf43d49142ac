"""Pending entries: accepted, with a receipt, and not in the log yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_BATCH, Field, Kind, Stored, Whom
from undersigned.web.records.models.batch import Batch

from .letter import Letter


class Pending(models.Model):
    """A pending entry. Deleted, and overwritten on disk, in the transaction that appends the entry to the log.

    ``kind``, ``key``, ``seq`` as in ``log.Entry``: the three together are unique across both tables.
    """

    leaf = models.CharField(max_length=43, primary_key=True)  # leaf hash, base64url: reveals no order
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="pending")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="pending")
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=43, blank=True)
    seq = models.PositiveIntegerField()
    object = models.CharField(max_length=43, null=True)  # noqa: DJ001 - null where there is none: unique
    data = models.BinaryField()  # the entry's canonical bytes
    body = models.BinaryField(null=True)  # the object's canonical bytes, with `sign` only

    STORED: ClassVar = Stored(
        "Accepted entries that wait for their batch",
        "An entry is durable before its receipt is sent, and waits here for others to be shuffled with.",
        UNTIL_BATCH,
        {
            "leaf": Field(Kind.PUBLIC, Whom.NONE, "The entry's hash."),
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "batch": Field(Kind.TECHNICAL, Whom.NONE, "The batch it waits for."),
            "kind": Field(Kind.PUBLIC, Whom.NONE, "Signature, withdrawal, or an act of organiser or trustee."),
            "key": Field(Kind.PUBLIC, Whom.SIGNATORY, "The signatory's public key: a pseudonym made for this letter."),
            "seq": Field(Kind.PUBLIC, Whom.NONE, "Which signature of this key, which trustee or which edition."),
            "object": Field(
                Kind.PUBLIC,
                Whom.SIGNATORY,
                "The hash of the sealed name. Sealed randomly: no name can be guessed from it.",
            ),
            "data": Field(Kind.PUBLIC, Whom.SIGNATORY, "The entry itself, public once it is in the log."),
            "body": Field(
                Kind.SECRET,
                Whom.SIGNATORY,
                "The sealed name, readable by no one but enough trustees together; in a public letter the name itself.",
            ),
        },
    )

    class Meta:
        db_table = "signing_pending"
        constraints = [
            models.UniqueConstraint(fields=["letter", "key", "kind", "seq"], name="pending_once"),
            models.UniqueConstraint(fields=["letter", "object"], name="pending_object_once"),
        ]

    def __str__(self) -> str:
        return self.kind
