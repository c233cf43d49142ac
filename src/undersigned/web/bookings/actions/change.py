"""A booking between its row and the pure states of press/schedule.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from django.db import transaction

from undersigned.press import OrderError, schedule
from undersigned.protocol.errors import ConditionError
from undersigned.web.audit.actions import record
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import Problem
from undersigned.web.records.models import Booking
from undersigned.web.times import moment


def state_of(row: Booking) -> schedule.Booking:
    """The row as the schedule sees it."""
    return schedule.Booking(
        paper=row.paper,
        lang=row.lang,
        deadline=moment(row.deadline),
        state=cast(schedule.State, row.state),  # the table's check constraint says so
        edition=row.edition,
        sha256=row.sha256,
        sent_at=None if row.sent_at is None else moment(row.sent_at),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A booking's row, locked until the transaction ends."""

    row: Booking

    def apply(self, step: Callable[[schedule.Booking], schedule.Booking]) -> None:
        """Takes one step of the schedule. Raises ConditionError with its sentence if the schedule says no."""
        try:
            found = step(state_of(self.row))
        except OrderError as error:
            raise ConditionError(str(error)) from None
        self.row.state, self.row.edition, self.row.sha256 = found.state, found.edition, found.sha256
        self.row.sent_at = None if found.sent_at is None else int(found.sent_at.timestamp())


@contextmanager
def changing(letter: FixedLetter, number: int, verb: str, by: str, now: int) -> Iterator[Change]:
    """The booking, locked; saved and audited at the end, or as it was if anything is raised.

    Raises Problem if there is no such booking.
    """
    with transaction.atomic():
        row = Booking.objects.select_for_update().filter(letter=letter.pk, number=number).first()
        if row is None:
            raise no_booking()
        yield Change(row)
        row.save()
        record(by=by, now=now, verb=verb, letter=letter.slug, detail=f"booking {number} {row.sha256}".strip())


def no_booking() -> Problem:
    """There is none of this number."""
    return Problem("not-found", "This letter has no booking of that number.")
