"""What the organiser does with a booking once it stands: hand the page in, take it back, confirm it, give it up."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from undersigned.press import schedule
from undersigned.press.icc import is_output_profile
from undersigned.protocol.errors import ConditionError, MalformedError
from undersigned.web.bookings.actions.change import changing
from undersigned.web.bookings.files import PageFiles
from undersigned.web.bookings.terms import Terms, check_terms
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking
from undersigned.web.times import moment

MAX_PROFILE: Final = 4 * 1024 * 1024
"""Bytes of an ICC profile."""


def send(*, letter: FixedLetter, number: int, sha256: str, by: str, now: int) -> Booking:
    """The very page with ``sha256`` went to the paper: from here on it is frozen.

    Raises Problem, or ConditionError if it is another page than the proof, or too late.
    """
    with changing(letter, number, "send", by, now) as change:
        if change.row.state == "sent" and change.row.sha256 == sha256:
            return change.row
        change.apply(lambda booking: schedule.send(booking, sha256=sha256, now=moment(now)))
    return change.row


def revise(
    *,
    letter: FixedLetter,
    number: int,
    terms: dict[str, Any],
    deadline: int | None,
    files: PageFiles,
    by: str,
    now: int,
) -> Booking:
    """The page is made anew, of the newest edition and on changed ``terms`` (fields of Terms), if there are any.

    ``deadline``: the paper's new one, Unix seconds. Raises Problem, MalformedError, or ConditionError for a page that
    is printed, cancelled, or past its deadline.
    """
    with changing(letter, number, "revise", by, now) as change:
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
    # True now: nothing but this booking's row says that there was a page; its files go, and a crash before they have
    # gone leaves files without a hash, which the next proof replaces.
    files.delete(letter.slug, number)
    return row


def _set_terms(row: Booking, changed: dict[str, Any], letter: FixedLetter) -> None:
    names = {field.name for field in msgspec.structs.fields(Terms)}
    terms = Terms(**({name: getattr(row, name) for name in names} | changed))
    check_terms(terms, letter.manifest)
    for name, value in changed.items():
        setattr(row, name, value)


def confirm_printed(*, letter: FixedLetter, number: int, by: str, now: int) -> Booking:
    """It stood in the paper. Raises Problem, or ConditionError unless it was sent."""
    with changing(letter, number, "printed", by, now) as change:
        if change.row.state != "printed":
            change.apply(schedule.confirm_printed)
    return change.row


def cancel(*, letter: FixedLetter, number: int, files: PageFiles, by: str, now: int) -> Booking:
    """It will not appear. Raises Problem, or ConditionError if it has."""
    with changing(letter, number, "cancel", by, now) as change:
        if change.row.state != "cancelled":
            change.apply(schedule.cancel)
    files.delete(letter.slug, number)
    return change.row


def set_profile(*, letter: FixedLetter, number: int, icc: bytes, by: str, now: int) -> Booking:
    """Keeps the paper's CMYK output profile for this booking, and lets a refused page be tried again.

    Raises Problem, MalformedError for what is no such profile, ConditionError once there is a page.
    """
    if not is_output_profile(icc):
        raise MalformedError("this is not a CMYK output profile: ask the paper for its ICC file")
    with changing(letter, number, "profile", by, now) as change:
        if change.row.state != "booked":
            raise ConditionError(f"the page for {change.row.paper} is {change.row.state}: revise it first")
        change.row.icc, change.row.refused = icc, 0
    return change.row
