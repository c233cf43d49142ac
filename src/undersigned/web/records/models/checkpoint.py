"""States of the log that were signed, and what trustees said to them."""

from __future__ import annotations

from django.db import models

from .letter import Letter


class Checkpoint(models.Model):
    """A size and its root, signed by the log. Stored before it is served: two of one size cannot be."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="checkpoints")
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=43)
    note = models.BinaryField()  # the note with the log's own line

    class Meta:
        db_table = "log_checkpoint"
        constraints = [models.UniqueConstraint(fields=["letter", "size"], name="one_checkpoint_a_size")]

    def __str__(self) -> str:
        return f"size {self.size}"


class Cosignature(models.Model):
    """A trustee's line under a checkpoint, checked."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="cosignatures")
    trustee = models.PositiveSmallIntegerField()
    line = models.CharField(max_length=600)

    class Meta:
        db_table = "log_cosignature"
        constraints = [models.UniqueConstraint(fields=["checkpoint", "trustee"], name="one_cosignature_a_trustee")]

    def __str__(self) -> str:
        return f"trustee {self.trustee}"
