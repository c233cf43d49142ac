"""A letter's documents: the text in each language, the roll, the manifest. The served files are copies of these."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom
from undersigned.web.records.models.letter import Letter


class Document(models.Model):
    """``data`` is served at ``path`` under the letter's origin, byte for byte, once the letter is no longer a draft."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="documents")
    path = models.CharField(max_length=60)
    data = models.BinaryField()

    STORED: ClassVar = Stored(
        "Texts and fixed documents of a letter",
        "What people sign: the text in each language, the roll as salted hashes, the letter's terms.",
        LETTER_LIFE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "path": Field(Kind.PUBLIC, Whom.NONE, "The document's address."),
            "data": Field(
                Kind.PUBLIC, Whom.ORGANISER, "The document. Public once the letter's terms are fixed, a draft before."
            ),
        },
    )

    class Meta:
        db_table = "letters_document"
        constraints = [models.UniqueConstraint(fields=["letter", "path"], name="one_document_a_path")]

    def __str__(self) -> str:
        return self.path
