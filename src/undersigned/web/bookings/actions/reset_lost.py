"""Action: makes a booking's row and files consistent again, for example after a restore from a backup."""

from __future__ import annotations

from django.db import transaction

from undersigned.web.audit.actions import record
from undersigned.web.bookings.files import PageFiles
from undersigned.web.records.models import Booking


def reset_lost_page(*, row: Booking, files: PageFiles, by: str, now: int) -> bool:
    """Makes files and row agree; returns whether they differed. ``row``: with its letter, after ``reconcile``.

    Deletes a page that no row records: it may name a person who has withdrawn. A proof without its page, or a refusal
    without its reason, becomes a booking again, and its page is made again. A page that was sent stays recorded by its
    hash: the newspaper has it.
    """
    slug, number = row.letter.slug, row.number
    has_unknown = files.has_unknown_page(slug, number, row.sha256, refused=row.refused != 0)
    if has_unknown:
        # Files before rows: after a crash in between, the next call finds the same row and does the rest.
        files.delete(slug, number)
    is_lost = row.state == "proof" and files.read(slug, number, "report.json", row.sha256) is None
    lacks_reason = row.refused != 0 and files.refusal(slug, number) is None
    if is_lost or lacks_reason:
        _book_again(row.pk, slug, is_lost=is_lost, lacks_reason=lacks_reason, by=by, now=now)
    return has_unknown or is_lost or lacks_reason


def _book_again(pk: int, slug: str, *, is_lost: bool, lacks_reason: bool, by: str, now: int) -> None:
    with transaction.atomic():
        row = Booking.objects.select_for_update().get(pk=pk)
        if is_lost and row.state == "proof":
            row.state, row.sha256 = "booked", ""
        if lacks_reason:
            row.refused = 0
        row.save()
        record(by=by, now=now, verb="heal", letter=slug, detail=f"page of booking {row.number}")
