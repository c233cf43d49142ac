"""The clerk has made a page, or cannot."""

from __future__ import annotations

from undersigned.press import schedule
from undersigned.protocol.errors import ConditionError
from undersigned.web.bookings.actions.change import Change, changing
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking, Edition
from undersigned.web.times import moment


def prove(*, letter: FixedLetter, made_for: Booking, edition: int, sha256: str, by: str, now: int) -> None:
    """A page of ``edition`` was made on the terms of the row ``made_for``, and its files are in place.

    Raises Problem or ConditionError if it may not count any more: the deadline has passed, the terms have changed, or
    somebody it names has withdrawn. Then its files have to go.
    """
    with changing(letter, made_for.number, "prove", by, now) as change:
        _check_current(change, made_for, edition)
        change.apply(lambda booking: schedule.prove(booking, edition=edition, sha256=sha256, now=moment(now)))
        change.row.refused = 0


def refuse(*, letter: FixedLetter, made_for: Booking, edition: int, by: str, now: int) -> None:
    """On these terms no page can be made of ``edition``: it is not tried again. Raises as ``prove``."""
    with changing(letter, made_for.number, "refuse", by, now) as change:
        _check_current(change, made_for, edition)
        if change.row.state == "proof":
            # The page of the older edition is gone from the folder: there is none to send.
            change.apply(lambda booking: schedule.revise(booking, now=moment(now)))
        change.row.refused = edition


def _check_current(change: Change, made_for: Booking, edition: int) -> None:
    if not Edition.objects.filter(letter=change.row.letter_id, number=edition, data__isnull=False).exists():
        raise ConditionError("somebody this page names has withdrawn meanwhile")
    if terms_of(change.row) != terms_of(made_for):
        raise ConditionError("the booking has changed meanwhile")


def terms_of(row: Booking) -> tuple[object, ...]:
    """Everything of a booking that decides a page's bytes, and its state."""
    return (
        row.state, row.paper, row.size, row.lang, row.beside, row.style, row.design, row.imprint, row.titles,
        row.sections, row.pages, row.first, bytes(row.icc),
    )  # fmt: skip
