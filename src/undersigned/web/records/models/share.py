"""A trustee's share of one seal, given at an opening and checked against its commitment."""

from __future__ import annotations

from django.db import models

from undersigned.web.records.models.edition import Edition


class Share(models.Model):
    """Deleted when its key withdraws. What it opens is never stored: names are computed when they are needed."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="shares")
    key = models.CharField(max_length=43)
    trustee = models.PositiveSmallIntegerField()
    share = models.BinaryField()

    class Meta:
        db_table = "editions_share"
        constraints = [models.UniqueConstraint(fields=["edition", "key", "trustee"], name="one_share_a_trustee")]

    def __str__(self) -> str:
        return f"trustee {self.trustee}"
