"""One booked page of one paper: its terms, and where it stands (press/schedule.py)."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from .letter import Letter

STATES: Final = ("booked", "proof", "sent", "printed", "cancelled")


class Booking(models.Model):
    """Names stand in no column: the page, its report and a refusal are files (``press.files``), which can be erased.

    ``edition``: the number its page shows, 0 without one; ``sha256``: of page.pdf in hex, empty without one.
    ``refused``: the edition of which no page could be made on these terms, 0 if there was none.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="bookings")
    number = models.PositiveIntegerField()
    paper = models.CharField(max_length=60)
    size = models.CharField(max_length=30, blank=True)
    lang = models.CharField(max_length=35)
    beside = models.CharField(max_length=35, blank=True)
    style = models.CharField(max_length=10)
    design = models.CharField(max_length=20)
    imprint = models.CharField(max_length=500)
    titles = models.BooleanField(default=True)
    sections = models.BooleanField(default=True)
    pages = models.PositiveSmallIntegerField(default=1)
    first = models.PositiveIntegerField(default=0)  # print only so many names; 0: all
    icc = models.BinaryField(default=bytes)  # the paper's CMYK output profile
    deadline = models.BigIntegerField()  # Unix seconds: the paper's copy deadline
    state = models.CharField(max_length=10, default="booked")
    edition = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.BigIntegerField(null=True)  # Unix seconds
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "press_booking"
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="one_booking_a_number"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="a_booking_is_in_one_of_its_states"),
            models.CheckConstraint(
                condition=Q(state__in=("booked", "cancelled")) | (Q(edition__gte=1) & ~Q(sha256="")),
                name="what_is_proved_has_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"booking {self.number}"
