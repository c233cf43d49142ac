"""A booked newspaper page: its terms and its state (press/schedule.py)."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from undersigned.web.records.classification import LETTER_LIFE, Field, Kind, Stored, Whom

from .letter import Letter

STATES: Final = ("booked", "proof", "sent", "printed", "cancelled")


class Booking(models.Model):
    """A booking. No column holds names: the page, its report and a refusal are files, which can be erased.

    ``edition``: the edition that its page shows, 0 if there is no page; ``sha256``: of page.pdf in hex, empty likewise.
    ``refused``: the edition for which no page could be made on these terms, 0 if there was none.
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
    first = models.PositiveIntegerField(default=0)  # print at most this many names; 0: all
    icc = models.BinaryField(default=bytes)  # the paper's CMYK output profile
    deadline = models.BigIntegerField()  # Unix seconds: the paper's copy deadline
    state = models.CharField(max_length=10, default="booked")
    edition = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.BigIntegerField(null=True)  # Unix seconds
    refused = models.PositiveIntegerField(default=0)

    STORED: ClassVar = Stored(
        "Booked newspaper pages",
        "The organiser books a page once; each edition gets a new one. No column has names: pages are files.",
        LETTER_LIFE,
        {
            "letter": Field(Kind.TECHNICAL, Whom.NONE, "The letter it belongs to."),
            "number": Field(Kind.TECHNICAL, Whom.NONE, "The booking's number."),
            "paper": Field(Kind.TECHNICAL, Whom.ORGANISER, "The newspaper."),
            "size": Field(Kind.TECHNICAL, Whom.NONE, "The size that was booked."),
            "lang": Field(Kind.TECHNICAL, Whom.NONE, "The language of the page."),
            "beside": Field(Kind.TECHNICAL, Whom.NONE, "A second language on the same page."),
            "style": Field(Kind.TECHNICAL, Whom.NONE, "How the names are set: as a list or as running text."),
            "design": Field(Kind.TECHNICAL, Whom.NONE, "The design of the page."),
            "imprint": Field(
                Kind.PERSONAL,
                Whom.ORGANISER,
                "The imprint as printed, which in many countries names the person responsible.",
            ),
            "titles": Field(Kind.TECHNICAL, Whom.NONE, "Whether titles are printed."),
            "sections": Field(Kind.TECHNICAL, Whom.NONE, "Whether names are printed by group."),
            "pages": Field(Kind.TECHNICAL, Whom.NONE, "How many pages were booked."),
            "first": Field(Kind.TECHNICAL, Whom.NONE, "How many names are printed at most."),
            "icc": Field(Kind.TECHNICAL, Whom.NONE, "The newspaper's colour profile."),
            "deadline": Field(Kind.TECHNICAL, Whom.NONE, "The newspaper's copy deadline."),
            "state": Field(Kind.TECHNICAL, Whom.NONE, "Booked, proof, sent, printed or cancelled."),
            "edition": Field(Kind.TECHNICAL, Whom.NONE, "The edition the page shows."),
            "sha256": Field(Kind.TECHNICAL, Whom.NONE, "The hash of the page's file, also after the file is gone."),
            "sent_at": Field(Kind.TECHNICAL, Whom.ORGANISER, "When the organiser sent the page to the newspaper."),
            "refused": Field(Kind.TECHNICAL, Whom.NONE, "The edition that does not fit on the page."),
        },
    )

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
