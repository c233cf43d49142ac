"""A letter: a draft until its manifest is fixed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Letter(models.Model):
    """One letter of this site. Signatories change no row here: what changes does so a handful of times."""

    slug = models.CharField(max_length=80, unique=True)
    origin = models.CharField(max_length=300, unique=True)
    registrar = models.BinaryField()  # SubjectPublicKeyInfo DER of the registrar's key
    log = models.CharField(max_length=43)  # public key of the log, base64url
    # Letter id, base64url; null while a draft.
    letter = models.CharField(max_length=43, null=True, unique=True)  # noqa: DJ001 - two nulls are not the same
    manifest = models.BinaryField(null=True)
    open = models.BooleanField(default=False)  # every trustee's approval has been taken
    abandoned = models.BooleanField(default=False)
    halted = models.BooleanField(default=False)  # its log was signed further than this database knows (log.guard)

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
