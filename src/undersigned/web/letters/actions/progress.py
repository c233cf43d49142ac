"""Telling an organiser how codes are used."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from undersigned.web.records.models import Code, Progress

TENS: Final = 10
Told = dict[str, int]


def count_codes(*, letter: int) -> Told:
    """How many codes there are, and how many have been used, in tens, as of now. ``letter``: the row's number."""
    codes = Code.objects.filter(letter=letter)
    return {"codes": in_tens(codes.count()), "activated": in_tens(codes.filter(used=True).count())}


def tell_progress(*, letter: int, told: Told) -> None:
    """Has the status say ``told``, which was counted when a batch entered the log. There is no ``by``: the clerk alone
    calls this.

    An organiser who asks their status again and again must not see the moment at which one person used a code, nor a
    number so small that it is a person.
    """
    if not Progress.objects.filter(letter=letter, **told).exists():
        with transaction.atomic():
            Progress.objects.update_or_create(letter_id=letter, defaults=told)


def in_tens(number: int) -> int:
    """Rounded down; 0 stands for fewer than ten."""
    return number // TENS * TENS
