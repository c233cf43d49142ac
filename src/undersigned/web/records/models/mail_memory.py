"""What is left of an address: hashes under a key that is not in the database, each for one purpose.

The hash is the key of its table, and rows stand in the order of keys: any other order would tell which code went to
which address.
"""

from __future__ import annotations

from django.db import models

from .letter import Letter


class MailGranted(models.Model):
    """An address that has been mailed its access code for a letter."""

    digest = models.CharField(max_length=43, primary_key=True)  # of the address and the letter
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "mail_granted"

    def __str__(self) -> str:
        return "granted"


class MailBlocked(models.Model):
    """An address whose holder wants no mail from this site, about whatever letter."""

    digest = models.CharField(max_length=43, primary_key=True)

    class Meta:
        db_table = "mail_blocked"

    def __str__(self) -> str:
        return "blocked"


class MailTally(models.Model):
    """How many mails an address has been sent on one day, over all letters. Deleted two days later."""

    digest = models.CharField(max_length=43, primary_key=True)  # of the address and the day
    day = models.PositiveIntegerField()  # days since 1970
    number = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "mail_tally"

    def __str__(self) -> str:
        return f"{self.number}"
