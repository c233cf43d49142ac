"""Actions: the organiser marks a page as sent, revises it, confirms that it was printed, or cancels it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from undersigned.press import schedule
from undersigned.press.icc import is_output_profile
from undersigned.protocol.errors import ConditionError, MalformedError
from undersigned.web.bookings.actions.change import change_booking
from undersigned.web.bookings.files import PageFiles
from undersigned.web.bookings.terms import Terms, check_terms
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking
from undersigned.web.times import moment

MAX_PROFILE: Final = 4 * 1024 * 1024
"""Bytes of an ICC profile."""


def mark_sent(*, letter: FixedLetter, number: int, sha256: str, by: str, now: int) -> Booking:
    """Records that the page with ``sha256`` went to the newspaper, which freezes it. Idempotent.

    Raises Problem, or ConditionError if the proof is another page or the deadline has passed.
    """
    with change_booking(letter, number, "send", by, now) as change:
        if change.row.state == "sent" and change.row.sha256 == sha256:
            return change.row
        change.apply(lambda booking: schedule.send(booking, sha256=sha256, now=moment(now)))
    return change.row


def revise_page(
    *,
    letter: FixedLetter,
    number: int,
    terms: dict[str, Any],
    deadline: int | None,
    files: PageFiles,
    by: str,
    now: int,
) -> Booking:
    """Has the page made again, of the newest edition and with changed ``terms`` (fields of Terms), if any.

    ``deadline``: the newspaper's new one, Unix seconds. Raises Problem, MalformedError, or ConditionError for a page
    that is printed, cancelled, or past its deadline.
    """
    with change_booking(letter, number, "revise", by, now) as change:
        row = change.row
        if deadline is not None:
            if deadline <= now:
                raise MalformedError("the paper's copy deadline has passed")
            row.deadline = deadline
        if row.state != "booked":
            change.apply(lambda booking: schedule.revise(booking, now=moment(now)))
        elif now > row.deadline:
            raise ConditionError(f"the copy deadline of {row.paper} has passed")
        _set_terms(row, terms, letter)
        row.refused = 0
    # True now: the row records no page. A crash before the files are deleted leaves files without a recorded hash,
    # which the next proof replaces.
    files.delete(letter.slug, number)
    return row


def _set_terms(row: Booking, changed: dict[str, Any], letter: FixedLetter) -> None:
    names = {field.name for field in msgspec.structs.fields(Terms)}
    terms = Terms(**({name: getattr(row, name) for name in names} | changed))
    check_terms(terms, letter.manifest)
    for name, value in changed.items():
        setattr(row, name, value)


def confirm_printed(*, letter: FixedLetter, number: int, by: str, now: int) -> Booking:
    """Records that the page was printed. Idempotent. Raises Problem, or ConditionError unless it was sent."""
    with change_booking(letter, number, "printed", by, now) as change:
        if change.row.state != "printed":
            change.apply(schedule.confirm_printed)
    return change.row


def cancel_page(*, letter: FixedLetter, number: int, files: PageFiles, by: str, now: int) -> Booking:
    """Cancels a booking and deletes its files. Idempotent. Raises Problem, or ConditionError if it was printed."""
    with change_booking(letter, number, "cancel", by, now) as change:
        if change.row.state != "cancelled":
            change.apply(schedule.cancel)
    files.delete(letter.slug, number)
    return change.row


def set_profile(*, letter: FixedLetter, number: int, icc: bytes, by: str, now: int) -> Booking:
    """Stores the newspaper's CMYK output profile for this booking, and lets a refused page be tried again.

    Raises Problem, MalformedError if it is no such profile, ConditionError once there is a page.
    """
    if not is_output_profile(icc):
        raise MalformedError("this is not a CMYK output profile: ask the paper for its ICC file")
    with change_booking(letter, number, "profile", by, now) as change:
        if change.row.state != "booked":
            raise ConditionError(f"the page for {change.row.paper} is {change.row.state}: revise it first")
        change.row.icc, change.row.refused = icc, 0
    return change.row
