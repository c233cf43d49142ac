"""Whom an edition opens, from the entries in the table."""

from __future__ import annotations

from undersigned.web.editions.models import Edition
from undersigned.web.log.models import Entry


def open_set_keys(edition: Edition) -> set[str]:
    """Keys standing at the edition's cut, less those opened in earlier editions. The cut must be in the log."""
    cuts = Entry.objects.filter(letter=edition.letter, kind="cut", seq__lte=edition.number)
    indices = dict(cuts.values_list("seq", "index"))
    last, before = indices[edition.number], indices.get(edition.number - 1, 0)
    entries = Entry.objects.filter(letter=edition.letter)
    signs = entries.filter(kind="sign", seq=0, index__gt=before, index__lt=last)
    gone = entries.filter(kind="withdraw", index__lt=last)
    return set(signs.values_list("key", flat=True)) - set(gone.values_list("key", flat=True))
