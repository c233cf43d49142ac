"""Keyed hashes of email addresses, one table for each purpose. The hash key is not in the database.

The hash is each table's primary key, and rows are stored in the order of the hashes: any other order would reveal which
code went to which address.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import LETTER_LIFE, SITE_LIFE, TWO_DAYS, Field, Kind, Stored, Whom

from .letter import Letter


class MailGranted(models.Model):
    """An address that has been sent its access code for a letter."""

    digest = models.CharField(max_length=43, primary_key=True)  # of the address and the letter
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")

    STORED: ClassVar = Stored(
        "Addresses that have their access code",
        "One address gets one code for a letter.",
        LETTER_LIFE,
        {
            "digest": Field(
                Kind.PERSONAL,
                Whom.SIGNATORY,
                "A hash of address and letter under a key that is in a file, not in the database.",
            ),
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
        },
    )

    class Meta:
        db_table = "mail_granted"

    def __str__(self) -> str:
        return "granted"


class MailBlocked(models.Model):
    """An address whose holder wants no email from this site, about any letter."""

    digest = models.CharField(max_length=43, primary_key=True)

    STORED: ClassVar = Stored(
        "Addresses that want no email",
        "A person who pressed “never mail me” gets no email from this site again, about any letter.",
        SITE_LIFE,
        {
            "digest": Field(
                Kind.PERSONAL,
                Whom.SIGNATORY,
                "A hash of the address under a key that is in a file, not in the database.",
            ),
        },
    )

    class Meta:
        db_table = "mail_blocked"

    def __str__(self) -> str:
        return "blocked"


class MailTally(models.Model):
    """How many emails an address was sent on one day, over all letters: a rate limit. Deleted two days later."""

    digest = models.CharField(max_length=43, primary_key=True)  # of the address and the day
    day = models.PositiveIntegerField()  # days since 1970
    number = models.PositiveSmallIntegerField()

    STORED: ClassVar = Stored(
        "Emails to an address in a day",
        "No address gets more than three emails in two days, however many people type it in.",
        TWO_DAYS,
        {
            "digest": Field(
                Kind.PERSONAL,
                Whom.SIGNATORY,
                "A hash of address and day under a key that is in a file: two days cannot be linked.",
            ),
            "day": Field(Kind.TECHNICAL, Whom.NONE, "The day."),
            "number": Field(Kind.PERSONAL, Whom.SIGNATORY, "How many emails were sent."),
        },
    )

    class Meta:
        db_table = "mail_tally"

    def __str__(self) -> str:
        return f"{self.number}"
