"""The queue of emails that have been requested and not been sent yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_MAILED, Field, Kind, Stored, Whom

from .letter import Letter


class MailWaiting(models.Model):
    """An email to send. Deleted with its address, and overwritten on disk, once the mail server has accepted it.

    ``sealed`` is the address, and the code of a withdrawal email, encrypted under the key in ``keys/mail``. So a copy
    of the database alone reveals no address, even while emails wait.
    """

    id = models.BigIntegerField(primary_key=True)  # random, so that it reveals no order
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8)  # "code" or "withdraw"
    digest = models.CharField(max_length=43)  # of the address, for this letter
    language = models.CharField(max_length=35)
    sealed = models.BinaryField()
    # Hash of the token sent by an attempt with an unknown outcome: the next attempt revokes that code first.
    token_hash = models.CharField(max_length=43, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due = models.BigIntegerField()  # Unix seconds of the next attempt, to the minute; 0: at once
    since = models.BigIntegerField()  # Unix seconds, to the hour; emails expire, so that no address waits forever

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
