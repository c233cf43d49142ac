"""A mail that has been asked for and not been handed over yet."""

from __future__ import annotations

from django.db import models

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

    class Meta:
        db_table = "mail_waiting"
        constraints = [models.UniqueConstraint(fields=["letter", "kind", "digest"], name="one_mail_waits")]

    def __str__(self) -> str:
        return f"{self.kind} mail"
