"""Applies the state machine of press/schedule.py to a booking's row, inside one locked transaction."""

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
    """The row as a value of the state machine."""
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
        """Applies one transition. Raises ConditionError if the state machine does not allow it."""
        try:
            after = step(state_of(self.row))
        except OrderError as error:
            raise ConditionError(str(error)) from None
        self.row.state, self.row.edition, self.row.sha256 = after.state, after.edition, after.sha256
        self.row.sent_at = None if after.sent_at is None else int(after.sent_at.timestamp())


@contextmanager
def change_booking(letter: FixedLetter, number: int, verb: str, by: str, now: int) -> Iterator[Change]:
    """Locks a booking; saves and audits it at the end, or rolls back if the block raises.

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
    """The error for a number that is no booking's."""
    return Problem("not-found", "This letter has no booking of that number.")
