"""Whom an edition opens, from the entries in the table."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from undersigned.web.editions.models import Edition
from undersigned.web.log.models import Entry


def cuts(letter: int) -> QuerySet[Entry]:
    """The cuts of the letter with the primary key ``letter``. Of all that a log holds only acts have no key: with that
    the database finds them at once, without it, it reads a million entries."""
    return Entry.objects.filter(letter=letter, key="", kind="cut")


def open_set_keys(edition: Edition, among: Iterable[str] | None = None) -> set[str]:
    """Keys standing at the edition's cut, less those opened in earlier editions. The cut must be in the log.

    ``among``: only these are asked about; a large letter's shares come in thousands of posts.
    """
    indices = dict(cuts(edition.letter_id).filter(seq__lte=edition.number).values_list("seq", "index"))
    last, before = indices[edition.number], indices.get(edition.number - 1, 0)
    entries = Entry.objects.filter(letter=edition.letter_id, kind__in=("sign", "withdraw"))
    # By their keys alone: told of a range of places as well, SQLite goes through the range.
    entries = entries.filter(index__lt=last) if among is None else entries.filter(key__in=list(among))
    signs, gone = set(), set()
    for key, kind, seq, index in entries.values_list("key", "kind", "seq", "index").iterator():
        if kind == "withdraw" and index < last:
            gone.add(key)
        elif kind == "sign" and seq == 0 and before < index < last:
            signs.add(key)
    return signs - gone
