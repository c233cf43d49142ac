"""The open set of an edition, queried from the log's table: the keys whose names its cut opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from undersigned.web.records.models import Edition, Entry

_SIZE: Final = """
SELECT
  (SELECT count(*) FROM log_entry
    WHERE letter_id = %(letter)s AND NOT (kind = 'sign' AND seq = 0) AND +"index" > %(before)s AND +"index" < %(last)s),
  (SELECT count(*) FROM log_entry gone
    WHERE gone.letter_id = %(letter)s AND gone.kind = 'withdraw' AND +gone."index" < %(last)s AND EXISTS (
      SELECT 1 FROM log_entry came
      WHERE came.letter_id = %(letter)s AND came.key = gone.key AND came.kind = 'sign' AND came.seq = 0
        AND came."index" > %(before)s))
"""
"""Counts the exceptions, because between two cuts nearly every entry is a first signature. The index by key finds them;
it does not hold an entry's position in the log. The unary plus keeps SQLite from choosing the index by position
instead, in which it would scan a million rows."""


def find_cuts(letter: int) -> QuerySet[Entry]:
    """The cuts of the letter with the primary key ``letter``.

    ``key=""`` makes this fast: only the organiser's entries have no key, so the index by key finds them without
    scanning a million entries.
    """
    return Entry.objects.filter(letter=letter, key="", kind="cut")


def open_set_keys(edition: Edition, among: Iterable[str] | None = None) -> set[str]:
    """The keys standing at the edition's cut that no earlier edition has opened. The cut must be in the log.

    ``among``: restricts the query to these keys; a large letter's shares arrive in thousands of requests.
    """
    indices = dict(find_cuts(edition.letter_id).filter(seq__lte=edition.number).values_list("seq", "index"))
    last, before = indices[edition.number], indices.get(edition.number - 1, 0)
    entries = Entry.objects.filter(letter=edition.letter_id, kind__in=("sign", "withdraw"))
    # By key only: given a range of positions as well, SQLite scans the whole range.
    entries = entries.filter(index__lt=last) if among is None else entries.filter(key__in=list(among))
    signs, gone = set(), set()
    for key, kind, seq, index in entries.values_list("key", "kind", "seq", "index").iterator():
        if kind == "withdraw" and index < last:
            gone.add(key)
        elif kind == "sign" and seq == 0 and before < index < last:
            signs.add(key)
    return signs - gone


def open_set_size(edition: Edition) -> int:
    """How many keys ``open_set_keys`` returns, without loading them. The cut must be in the log."""
    indices = dict(find_cuts(edition.letter_id).filter(seq__lte=edition.number).values_list("seq", "index"))
    last, before = indices[edition.number], indices.get(edition.number - 1, 0)
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, {"letter": edition.letter_id, "before": before, "last": last})
        others, gone = cursor.fetchone()
    return last - before - 1 - int(others) - int(gone)
