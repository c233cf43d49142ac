"""Folds a letter's stored log into its standing: who has signed, withdrawn, been struck or opened."""

from __future__ import annotations

from undersigned.protocol import entries
from undersigned.protocol.standing import Standing
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Entry


def fold_log(letter: FixedLetter, size: int | None = None) -> Standing:
    """The standing after the log's first ``size`` entries, or after all of them. Raises InvalidError."""
    standing = Standing(letter.manifest)
    rows = Entry.objects.filter(letter=letter.pk, index__gt=0).order_by("index")
    if size is not None:
        rows = rows.filter(index__lt=size)
    for data in rows.values_list("data", flat=True).iterator():
        standing.apply(entries.parse(bytes(data)))
    return standing
