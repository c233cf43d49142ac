"""An entry that was taken and then could not stand. There should be none; if there is, it is said."""

from __future__ import annotations

from django.db import models

from .letter import Letter


class Refused(models.Model):
    """What the clerk's fold refused although admission had taken it: evidence of a fault, kept without its object."""

    leaf = models.CharField(max_length=43, primary_key=True)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="refused")
    kind = models.CharField(max_length=8)
    reason = models.CharField(max_length=200)

    class Meta:
        db_table = "signing_refused"
        verbose_name_plural = "refused"

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
