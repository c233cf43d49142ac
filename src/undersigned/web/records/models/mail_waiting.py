"""A mail that has been asked for and not been handed over yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_MAILED, Field, Kind, Stored, Whom

from .letter import Letter


class MailWaiting(models.Model):
    """Deleted, and overwritten on disk, once the mail server has taken the mail: with it goes the address.

    ``sealed`` holds the address (and of a withdrawal mail its code), encrypted under the key in ``keys/mail``: a copy
    of the database alone holds no address even while mails wait.
    """

    id = models.BigIntegerField(primary_key=True)  # random: tells no order
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8)  # "code" or "withdraw"
    digest = models.CharField(max_length=43)  # of the address, for this letter
    language = models.CharField(max_length=35)
    sealed = models.BinaryField()
    # Hash of the token mailed by an attempt whose end is not known: the next attempt takes that code back first.
    token_hash = models.CharField(max_length=43, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due = models.BigIntegerField()  # Unix seconds of the next attempt, whole minutes; 0: at once
    since = models.BigIntegerField()  # Unix seconds, whole hours; no address waits for ever

    STORED: ClassVar = Stored(
        "Emails waiting to be sent",
        "An email server is not always there; the email waits here. The only place where an address is stored.",
        UNTIL_MAILED,
        {
            "id": Field(Kind.TECHNICAL, Whom.NONE, "A random number: it tells no order."),
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "kind": Field(Kind.TECHNICAL, Whom.NONE, "Whether it carries an access code or a withdrawal code."),
            "digest": Field(
                Kind.PERSONAL, Whom.SIGNATORY, "A hash of address and letter under a key that is in a file."
            ),
            "language": Field(Kind.PERSONAL, Whom.SIGNATORY, "The language of the email."),
            "sealed": Field(
                Kind.PERSONAL,
                Whom.SIGNATORY,
                "The address, and in a withdrawal email its code, encrypted under a key that is in a file.",
            ),
            "token_hash": Field(Kind.SECRET, Whom.SIGNATORY, "A hash of the access code of an unfinished attempt."),
            "tries": Field(Kind.TECHNICAL, Whom.NONE, "How often it was tried."),
            "due": Field(Kind.TECHNICAL, Whom.NONE, "When it is tried next, to the minute."),
            "since": Field(Kind.PERSONAL, Whom.SIGNATORY, "When it was asked for, to the hour."),
        },
    )

    class Meta:
        db_table = "mail_waiting"
        constraints = [models.UniqueConstraint(fields=["letter", "kind", "digest"], name="one_mail_waits")]

    def __str__(self) -> str:
        return f"{self.kind} mail"
