"""Noting uses in the codes' own rows, several at once."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from undersigned.web.records.models import Use

TOGETHER: Final = 256
"""Uses noted in one transaction: meanwhile nobody can sign."""
FEWEST: Final = 10
"""Uses that are noted at least, in one transaction: its number is in all their rows."""
_NOTE: Final = (
    "UPDATE letters_code SET blinded = %s, answer = %s, used = TRUE "
    "WHERE letter_id = %s AND token_hash = %s AND NOT used"
)


def settle_codes(*, letter: int) -> bool:
    """Moves a letter's uses into its codes' rows, in the order of their keys. There is no ``by``: the clerk alone calls
    this, once a batch has entered the log. Returns whether there were enough to be moved. ``letter``: the row's number.
    """
    left = Use.objects.filter(letter=letter).count()
    if left < FEWEST:
        return False
    while left >= FEWEST:
        # All that are left, rather than fewer than ten of them in the last transaction.
        number = left if left < TOGETHER + FEWEST else TOGETHER
        with transaction.atomic(), connection.cursor() as cursor:
            uses = list(Use.objects.filter(letter=letter).order_by("name")[:number])
            cursor.executemany(_NOTE, [(bytes(u.blinded), bytes(u.answer), letter, u.token_hash) for u in uses])
            Use.objects.filter(name__in=[u.name for u in uses]).delete()
        # True now: these codes say by themselves what they answered.
        left -= number
    return True
