"""Actions: the clerk records the page that it has made for a booking, or that it cannot make one."""

from __future__ import annotations

from undersigned.press import schedule
from undersigned.protocol.errors import ConditionError
from undersigned.web.bookings.actions.change import Change, change_booking
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking, Edition
from undersigned.web.times import moment


def record_page(*, letter: FixedLetter, made_for: Booking, edition: int, sha256: str, by: str, now: int) -> None:
    """Records the hash of a page of ``edition``, made on the terms of the row ``made_for``. Its files are durable.

    Raises Problem or ConditionError if the page is out of date: the deadline has passed, the terms have changed, or a
    person whom it names has withdrawn. Then the caller must delete its files.
    """
    with change_booking(letter, made_for.number, "prove", by, now) as change:
        _check_current(change, made_for, edition)
        change.apply(lambda booking: schedule.prove(booking, edition=edition, sha256=sha256, now=moment(now)))
        change.row.refused = 0


def record_refusal(*, letter: FixedLetter, made_for: Booking, edition: int, by: str, now: int) -> None:
    """Records that no page of ``edition`` can be made on these terms, so that it is not tried again.

    Raises like ``record_page``.
    """
    with change_booking(letter, made_for.number, "refuse", by, now) as change:
        _check_current(change, made_for, edition)
        if change.row.state == "proof":
            # The refusal replaces the older edition's page, so there is no page to send any more.
            change.apply(lambda booking: schedule.revise(booking, now=moment(now)))
        change.row.refused = edition


def _check_current(change: Change, made_for: Booking, edition: int) -> None:
    if not Edition.objects.filter(letter=change.row.letter_id, number=edition, data__isnull=False).exists():
        raise ConditionError("a signatory whom this page names has withdrawn meanwhile")
    if terms_of(change.row) != terms_of(made_for):
        raise ConditionError("the booking has changed meanwhile")


def terms_of(row: Booking) -> tuple[object, ...]:
    """Every field of a booking that decides its page's bytes, and its state."""
    return (
        row.state, row.paper, row.size, row.lang, row.beside, row.style, row.design, row.imprint, row.titles,
        row.sections, row.pages, row.first, bytes(row.icc),
    )  # fmt: skip
