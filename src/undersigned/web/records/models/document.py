"""A letter's fixed documents: text in each language, roll, manifest. What is served is copied from here."""

from __future__ import annotations

from django.db import models

from undersigned.web.records.models.letter import Letter


class Document(models.Model):
    """``data`` is served at ``path`` under the letter's origin, byte for byte, once the letter is no draft any more."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="documents")
    path = models.CharField(max_length=60)
    data = models.BinaryField()

    class Meta:
        db_table = "letters_document"
        constraints = [models.UniqueConstraint(fields=["letter", "path"], name="one_document_a_path")]

    def __str__(self) -> str:
        return self.path
