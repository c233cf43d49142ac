"""Recent uses of access codes, on PostgreSQL only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import UNTIL_SETTLED, Field, Kind, Stored, Whom
from undersigned.web.records.models.letter import Letter


class Use(models.Model):
    """The use of a code, until it is moved to the code's own row with at least nine others (``move_uses``).

    PostgreSQL stores a new version of an updated row, in another place and with its transaction's number, which reveals
    the order of use. The table of codes is too large to rewrite every few seconds, so uses are inserted here first.
    SQLite updates a code's row in place, and has no rows here.
    """

    name = models.CharField(max_length=70, primary_key=True)  # see ``name_of``: one use for each code
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=43)
    blinded = models.BinaryField()
    answer = models.BinaryField()

    STORED: ClassVar = Stored(
        "Access codes used since the last batch",
        "On PostgreSQL only: keeps the order in which codes are used out of the large table. Empty on SQLite.",
        UNTIL_SETTLED,
        {
            "name": Field(Kind.SECRET, Whom.SIGNATORY, "Letter and hash of the code."),
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "token_hash": Field(Kind.SECRET, Whom.SIGNATORY, "A hash of the code."),
            "blinded": Field(
                Kind.SECRET, Whom.SIGNATORY, "The blinded question of a used code; it does not lead to the signature."
            ),
            "answer": Field(Kind.SECRET, Whom.SIGNATORY, "The site's answer to it."),
        },
    )

    class Meta:
        db_table = "letters_use"

    def __str__(self) -> str:
        return "use"


def name_of(letter: int, token_hash: str) -> str:
    """The primary key of a code's use."""
    return f"{letter}-{token_hash}"
