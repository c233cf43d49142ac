"""Access codes. The server stores only the hash of a token derived from each (protocol.md section 3)."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom
from undersigned.web.records.models.letter import Letter

WIDTH: Final = 384
"""The length in bytes of each of the two numbers that a used code has."""


def empty() -> bytes:
    """A placeholder of the same length as a used code's number, so that using the code moves no row on disk."""
    return bytes(WIDTH)


class Code(models.Model):
    """An access code; once used, with the blinded value it was used for and the registrar's answer."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="codes")
    token_hash = models.CharField(max_length=43)
    leaf = models.CharField(max_length=43, null=True)  # noqa: DJ001 - null without a roll: unique
    box = models.BinaryField(null=True)
    blinded = models.BinaryField(default=empty)
    answer = models.BinaryField(default=empty)
    used = models.BooleanField(default=False)

    STORED: ClassVar = Stored(
        "Access codes",
        "Each person who may sign gets one code, and each code signs once. The code itself is never stored.",
        LETTER_LIFE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "token_hash": Field(
                Kind.SECRET,
                Whom.SIGNATORY,
                "A hash of the code. The holder of the list of codes can recognise each row by it.",
            ),
            "leaf": Field(
                Kind.PUBLIC,
                Whom.SIGNATORY,
                "The place on the roll, as a salted hash; only the code's holder can read it.",
            ),
            "box": Field(
                Kind.SECRET, Whom.SIGNATORY, "Name, title and group as on the roll, encrypted under the access code."
            ),
            "blinded": Field(
                Kind.SECRET, Whom.SIGNATORY, "The blinded question of a used code; it does not lead to the signature."
            ),
            "answer": Field(Kind.SECRET, Whom.SIGNATORY, "The site's answer to it."),
            "used": Field(Kind.PERSONAL, Whom.SIGNATORY, "Whether the code has been used. No time, no order."),
        },
    )

    class Meta:
        db_table = "letters_code"
        constraints = [
            models.UniqueConstraint(fields=["letter", "token_hash"], name="one_row_a_code"),
            models.UniqueConstraint(fields=["letter", "leaf"], name="one_code_a_place_on_the_roll"),
            models.CheckConstraint(
                condition=Q(leaf__isnull=True, box__isnull=True) | Q(leaf__isnull=False, box__isnull=False),
                name="leaf_and_box_together",
            ),
        ]

    def __str__(self) -> str:
        return "code"
