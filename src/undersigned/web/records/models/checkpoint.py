"""Signed checkpoints of the log, and the trustees' cosignatures."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import NEWEST_CHECKPOINTS, PUBLIC_LOG, Field, Kind, Stored, Whom

from .letter import Letter


class Checkpoint(models.Model):
    """A size and its root hash, signed by the log. Stored before it is served, so that no size is signed twice."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="checkpoints")
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=43)
    note = models.BinaryField()  # the note with the log's own signature line

    STORED: ClassVar = Stored(
        "Signed states of the log",
        "Anyone can check that the log was only ever extended.",
        NEWEST_CHECKPOINTS,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "size": Field(Kind.PUBLIC, Whom.NONE, "How many entries the log has."),
            "root": Field(Kind.PUBLIC, Whom.NONE, "The hash of all entries together."),
            "note": Field(Kind.PUBLIC, Whom.NONE, "Both, signed by the site."),
        },
    )

    class Meta:
        db_table = "log_checkpoint"
        constraints = [models.UniqueConstraint(fields=["letter", "size"], name="one_checkpoint_a_size")]

    def __str__(self) -> str:
        return f"size {self.size}"


class Cosignature(models.Model):
    """A trustee's verified cosignature of a checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="cosignatures")
    trustee = models.PositiveSmallIntegerField()
    line = models.CharField(max_length=600)

    STORED: ClassVar = Stored(
        "Trustees' signatures on the log",
        "A trustee confirms to have seen this state of the log, so that the site cannot show others another one.",
        PUBLIC_LOG,
        {
            "checkpoint": Field(Kind.TECHNICAL, Whom.NONE, "The signed state it belongs to."),
            "trustee": Field(Kind.PUBLIC, Whom.TRUSTEE, "The trustee's number in the letter."),
            "line": Field(Kind.PUBLIC, Whom.TRUSTEE, "The trustee's signature, with the time they made it."),
        },
    )

    class Meta:
        db_table = "log_cosignature"
        constraints = [models.UniqueConstraint(fields=["checkpoint", "trustee"], name="one_cosignature_a_trustee")]

    def __str__(self) -> str:
        return f"trustee {self.trustee}"
