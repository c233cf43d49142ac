"""Log entries, each at its index."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import PUBLIC_LOG, Field, Kind, Stored, Whom

from .letter import Letter


class Entry(models.Model):
    """A leaf of the Merkle tree. Inserted in the order of the log, so that the rows reveal no more than the log.

    ``seq``: a signature's own number, an approval's trustee, a notice's or a cut's edition; otherwise 0.
    ``key``: of signatures, withdrawals and strikes; otherwise empty.
    One constraint thus allows one first signature and one withdrawal for each key, one approval for each trustee and
    one cut for each edition.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="entries")
    index = models.PositiveBigIntegerField()
    leaf = models.CharField(max_length=43)
    batch = models.PositiveIntegerField()  # the number of its batch
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=43, blank=True)
    seq = models.PositiveIntegerField()
    object = models.CharField(max_length=43, null=True)  # noqa: DJ001 - null where there is none: unique
    data = models.BinaryField()  # canonical bytes

    STORED: ClassVar = Stored(
        "The public log",
        "Anyone can verify the count from it. Names are not in it, only their seals' hashes; no times of people.",
        PUBLIC_LOG,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "index": Field(Kind.PUBLIC, Whom.NONE, "The entry's place, shuffled within its batch."),
            "leaf": Field(Kind.PUBLIC, Whom.NONE, "The entry's hash."),
            "batch": Field(Kind.TECHNICAL, Whom.NONE, "The batch it came with."),
            "kind": Field(Kind.PUBLIC, Whom.NONE, "Signature, withdrawal, or an act of organiser or trustee."),
            "key": Field(Kind.PUBLIC, Whom.SIGNATORY, "The signatory's public key: a pseudonym made for this letter."),
            "seq": Field(Kind.PUBLIC, Whom.NONE, "Which signature of this key, which trustee or which edition."),
            "object": Field(
                Kind.PUBLIC,
                Whom.SIGNATORY,
                "The hash of the sealed name. Sealed randomly: no name can be guessed from it.",
            ),
            "data": Field(Kind.PUBLIC, Whom.SIGNATORY, "The entry itself."),
        },
    )

    class Meta:
        db_table = "log_entry"
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["letter", "index"], name="one_entry_an_index"),
            models.UniqueConstraint(fields=["letter", "leaf"], name="one_place_an_entry"),
            models.UniqueConstraint(fields=["letter", "key", "kind", "seq"], name="logged_once"),
            models.UniqueConstraint(fields=["letter", "object"], name="logged_object_once"),
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"
