"""Action: erases newspaper pages that name a person who has withdrawn."""

from __future__ import annotations

from django.db import transaction

from undersigned.web.audit.actions import record
from undersigned.web.bookings.files import PageFiles
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking, published_editions


def erase_pages(*, letter: FixedLetter, files: PageFiles, by: str, now: int) -> int:
    """Deletes the files of every page made of an edition whose names have been erased; returns how many bookings had
    any.

    A page that was sent or printed stays recorded by its hash: the newspaper has it, this site no longer does. A proof
    becomes a booking again, and its page is made of the next edition.
    """
    without_names = published_editions(letter.pk).filter(data__isnull=True)
    numbers = list(without_names.values_list("number", flat=True))
    rows = list(Booking.objects.filter(letter=letter.pk, edition__in=numbers))
    rows += list(Booking.objects.filter(letter=letter.pk, refused__in=numbers).exclude(edition__in=numbers))
    erased = 0
    for row in rows:
        # Files before rows: after a crash in between, the next call finds the same row and does the rest.
        erased += files.delete(letter.slug, row.number)
        if row.state == "proof" or row.refused in numbers:
            _book_again(letter, row.pk, numbers, by, now)
    return erased


def _book_again(letter: FixedLetter, pk: int, numbers: list[int], by: str, now: int) -> None:
    with transaction.atomic():
        row = Booking.objects.select_for_update().get(pk=pk)
        if row.state == "proof" and row.edition in numbers:
            row.state, row.sha256 = "booked", ""
        if row.refused in numbers:
            row.refused = 0
        row.save()
        record(by=by, now=now, verb="erase", letter=letter.slug, detail=f"page of booking {row.number}")
