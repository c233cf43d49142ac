"""Actions: the organiser's progress report, how many access codes have been used, rounded down to tens."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from undersigned.web.records.models import Code, Progress

STEP: Final = 10
Counts = dict[str, int]


def count_codes(*, letter: int) -> Counts:
    """How many codes there are and how many have been used, rounded, as of now. ``letter``: the row's primary key."""
    codes = Code.objects.filter(letter=letter)
    return {"codes": round_down(codes.count()), "activated": round_down(codes.filter(used=True).count())}


def store_progress(*, letter: int, counts: Counts) -> None:
    """Stores the counts that the status shows, as they were when a batch entered the log. Only the clerk calls this, so
    there is no ``by``.

    The status shows stored counts because an organiser who polls it must not see the moment at which one person used a
    code, nor a number so small that it identifies a person.
    """
    if not Progress.objects.filter(letter=letter, **counts).exists():
        with transaction.atomic():
            Progress.objects.update_or_create(letter_id=letter, defaults=counts)


def round_down(number: int) -> int:
    """Rounds down to tens; 0 means fewer than ten."""
    return number // STEP * STEP
