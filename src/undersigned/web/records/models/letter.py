"""Letters. A letter is a draft until its manifest is fixed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom


class Letter(models.Model):
    """One letter of this site. Signatories change no row here; a row changes only a few times."""

    slug = models.CharField(max_length=80, unique=True)
    origin = models.CharField(max_length=300, unique=True)
    registrar = models.BinaryField()  # SubjectPublicKeyInfo DER of the registrar's key
    log = models.CharField(max_length=43)  # public key of the log, base64url
    # Letter id, base64url; null while a draft.
    letter = models.CharField(max_length=43, null=True, unique=True)  # noqa: DJ001 - two nulls are not the same
    manifest = models.BinaryField(null=True)
    open = models.BooleanField(default=False)  # every trustee has approved
    abandoned = models.BooleanField(default=False)
    halted = models.BooleanField(default=False)  # the database is behind what its log has signed (log.guard)

    STORED: ClassVar = Stored(
        "Letters",
        "One row for each letter of the site.",
        LETTER_LIFE,
        {
            "slug": Field(Kind.PUBLIC, Whom.NONE, "The letter's short name in its address."),
            "origin": Field(Kind.PUBLIC, Whom.NONE, "The letter's address."),
            "registrar": Field(Kind.KEY, Whom.NONE, "The public key that credentials are checked with."),
            "log": Field(Kind.KEY, Whom.NONE, "The public key that the log is signed with."),
            "letter": Field(Kind.PUBLIC, Whom.NONE, "The letter's id, a hash of its terms."),
            "manifest": Field(
                Kind.PUBLIC, Whom.TRUSTEE, "The letter's terms, with the names and public keys of its trustees."
            ),
            "open": Field(Kind.PUBLIC, Whom.NONE, "Whether every trustee has approved."),
            "abandoned": Field(Kind.PUBLIC, Whom.NONE, "Whether the organiser gave the letter up."),
            "halted": Field(Kind.TECHNICAL, Whom.NONE, "Whether the log may not be continued from this database."),
        },
    )

    class Meta:
        db_table = "letters_letter"
        constraints = [
            models.CheckConstraint(
                condition=Q(letter__isnull=True, manifest__isnull=True, open=False, abandoned=False)
                | Q(letter__isnull=False, manifest__isnull=False),
                name="a_draft_takes_nothing",
            )
        ]

    def __str__(self) -> str:
        return self.slug
