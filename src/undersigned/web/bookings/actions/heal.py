"""A row and its files that are not of one moment, as after a restore."""

from __future__ import annotations

from django.db import transaction

from undersigned.web.audit.actions import record
from undersigned.web.bookings.files import PageFiles
from undersigned.web.records.models import Booking


def heal(*, row: Booking, files: PageFiles, by: str, now: int) -> bool:
    """Makes files and row agree; returns whether they did not. ``row``: with its letter, settled.

    A page no row speaks of goes: it may name somebody who has withdrawn. A proof without its page, or a refusal without
    its reason, is booked again, and made again. A page that was sent stays frozen by its hash: the paper has it.
    """
    slug, number = row.letter.slug, row.number
    changed = files.strange(slug, number, row.sha256, refused=row.refused != 0)
    if changed:
        # Files first: a crash leaves a proof without files, which is found here again.
        files.delete(slug, number)
    gone = row.state == "proof" and files.read(slug, number, "report.json", row.sha256) is None
    mute = row.refused != 0 and files.refusal(slug, number) is None
    if gone or mute:
        _book_again(row.pk, slug, gone=gone, mute=mute, by=by, now=now)
    return changed or gone or mute


def _book_again(pk: int, slug: str, *, gone: bool, mute: bool, by: str, now: int) -> None:
    with transaction.atomic():
        row = Booking.objects.select_for_update().get(pk=pk)
        if gone and row.state == "proof":
            row.state, row.sha256 = "booked", ""
        if mute:
            row.refused = 0
        row.save()
        record(by=by, now=now, verb="heal", letter=slug, detail=f"page of booking {row.number}")
