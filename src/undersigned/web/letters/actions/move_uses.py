"""Action: moves the uses of access codes into the codes' own rows, many at once, so that rows tell no order."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from undersigned.web.records.models import Use

MAX_BATCH: Final = 256
"""Most uses moved in one transaction: signatures wait while it runs."""
MIN_BATCH: Final = 10
"""Fewest uses moved in one transaction: PostgreSQL stores its number in each of their rows, which groups them."""
_UPDATE: Final = (
    "UPDATE letters_code SET blinded = %s, answer = %s, used = TRUE "
    "WHERE letter_id = %s AND token_hash = %s AND NOT used"
)


def move_uses(*, letter: int) -> bool:
    """Moves a letter's uses into its codes' rows, in the order of their random names. Returns whether there were enough
    to move. ``letter``: the row's primary key.

    Only the clerk calls this, once a batch has entered the log, so there is no ``by``.
    """
    left = Use.objects.filter(letter=letter).count()
    if left < MIN_BATCH:
        return False
    while left >= MIN_BATCH:
        # Takes all that are left if the last transaction would otherwise hold fewer than MIN_BATCH.
        number = left if left < MAX_BATCH + MIN_BATCH else MAX_BATCH
        with transaction.atomic(), connection.cursor() as cursor:
            uses = list(Use.objects.filter(letter=letter).order_by("name")[:number])
            cursor.executemany(_UPDATE, [(bytes(u.blinded), bytes(u.answer), letter, u.token_hash) for u in uses])
            Use.objects.filter(name__in=[u.name for u in uses]).delete()
        # True now: these codes' own rows hold the registrar's answer, so a repeated request needs no use row.
        left -= number
    return True
