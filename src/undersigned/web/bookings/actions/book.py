"""Booking a page."""

from __future__ import annotations

import msgspec
from django.db import transaction
from django.db.models import Max

from undersigned.protocol.errors import ConditionError, MalformedError
from undersigned.web.audit.actions import record
from undersigned.web.bookings.terms import Terms, check_terms
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking, Letter

MAX_BOOKINGS = 1000
"""Of one letter."""


def book(*, letter: FixedLetter, terms: Terms, deadline: int, by: str, now: int) -> tuple[Booking, bool]:
    """A booking on ``terms``, and whether it is new: the same terms and deadline again are the same booking.

    ``deadline``: Unix seconds. Raises MalformedError for terms on which no page can be made, ConditionError for an
    abandoned letter.
    """
    check_terms(terms, letter.manifest)
    if deadline <= now:
        raise MalformedError("the paper's copy deadline has passed")
    asked = msgspec.structs.asdict(terms)
    with transaction.atomic():
        # Bookings of one letter wait for each other: the next number is nobody else's.
        row = Letter.objects.select_for_update().get(pk=letter.pk)
        if row.abandoned:
            raise ConditionError("the letter has been abandoned: nothing is printed any more")
        bookings = Booking.objects.filter(letter=row)
        known = bookings.filter(**asked, deadline=deadline).exclude(state="cancelled").first()
        if known is not None:
            return known, False
        last = bookings.aggregate(last=Max("number"))["last"] or 0
        if last >= MAX_BOOKINGS:
            raise ConditionError(f"a letter has at most {MAX_BOOKINGS} bookings")
        made = Booking.objects.create(letter=row, number=last + 1, deadline=deadline, **asked)
        record(by=by, now=now, verb="book", letter=letter.slug, detail=f"booking {made.number} {terms.paper}")
    return made, True
