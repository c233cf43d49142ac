"""Whom an edition opens, from the entries in the table."""

from __future__ import annotations

from collections.abc import Iterable

from undersigned.web.editions.models import Edition
from undersigned.web.log.models import Entry


def open_set_keys(edition: Edition, among: Iterable[str] | None = None) -> set[str]:
    """Keys standing at the edition's cut, less those opened in earlier editions. The cut must be in the log.

    ``among``: only these are asked about; a large letter's shares come in hundreds of posts.
    """
    cuts = Entry.objects.filter(letter=edition.letter, kind="cut", seq__lte=edition.number)
    indices = dict(cuts.values_list("seq", "index"))
    last, before = indices[edition.number], indices.get(edition.number - 1, 0)
    entries = Entry.objects.filter(letter=edition.letter)
    if among is not None:
        entries = entries.filter(key__in=list(among))
    signs = entries.filter(kind="sign", seq=0, index__gt=before, index__lt=last)
    gone = entries.filter(kind="withdraw", index__lt=last)
    return set(signs.values_list("key", flat=True)) - set(gone.values_list("key", flat=True))
