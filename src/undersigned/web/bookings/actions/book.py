"""Action: books a page in a newspaper."""

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
"""Most bookings of one letter."""


def book_page(*, letter: FixedLetter, terms: Terms, deadline: int, by: str, now: int) -> tuple[Booking, bool]:
    """Books a page on ``terms``; returns the booking, and whether it is new. Idempotent for equal terms and deadline.

    ``deadline``: Unix seconds. Raises MalformedError for terms on which no page can be made, ConditionError for an
    abandoned letter.
    """
    check_terms(terms, letter.manifest)
    if deadline <= now:
        raise MalformedError("the paper's copy deadline has passed")
    asked = msgspec.structs.asdict(terms)
    with transaction.atomic():
        # Locks the letter's row, so that two concurrent bookings cannot get the same number.
        row = Letter.objects.select_for_update().get(pk=letter.pk)
        if row.abandoned:
            raise ConditionError("the letter has been abandoned: nothing more is printed")
        bookings = Booking.objects.filter(letter=row)
        existing = bookings.filter(**asked, deadline=deadline).exclude(state="cancelled").first()
        if existing is not None:
            return existing, False
        last = bookings.aggregate(last=Max("number"))["last"] or 0
        if last >= MAX_BOOKINGS:
            raise ConditionError(f"a letter has at most {MAX_BOOKINGS} bookings")
        booking = Booking.objects.create(letter=row, number=last + 1, deadline=deadline, **asked)
        record(by=by, now=now, verb="book", letter=letter.slug, detail=f"booking {booking.number} {terms.paper}")
    return booking, True
