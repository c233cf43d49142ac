"""Trustees' shares of seals, uploaded at an opening and verified against the seal's commitments."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_WITHDRAWN, Field, Kind, Stored, Whom
from undersigned.web.records.models.edition import Edition


class Share(models.Model):
    """One trustee's share of one seal. Deleted when its key withdraws. Opened names are recomputed, never stored."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="shares")
    key = models.CharField(max_length=43)
    trustee = models.PositiveSmallIntegerField()
    share = models.BinaryField()

    STORED: ClassVar = Stored(
        "Trustees' shares",
        "After the cut enough trustees open the names. What the shares open is computed when needed and never stored.",
        UNTIL_WITHDRAWN,
        {
            "edition": Field(Kind.TECHNICAL, Whom.NONE, "The edition it belongs to."),
            "key": Field(Kind.PUBLIC, Whom.SIGNATORY, "The public key of the signatory whose name it helps to open."),
            "trustee": Field(Kind.PUBLIC, Whom.TRUSTEE, "The trustee's number in the letter."),
            "share": Field(
                Kind.SECRET,
                Whom.SIGNATORY,
                "The share. Enough of them open the name; public with the edition, secret before.",
            ),
        },
    )

    class Meta:
        db_table = "editions_share"
        constraints = [models.UniqueConstraint(fields=["edition", "key", "trustee"], name="one_share_a_trustee")]

    def __str__(self) -> str:
        return f"trustee {self.trustee}"
