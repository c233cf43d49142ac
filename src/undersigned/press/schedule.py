"""One booking of one paper: what has happened to it, and when its page may still change.

::

    booked ──proof──> proof ──send──> sent ──print──> printed
       ^                │               │
       └──── revise ────┴─── revise ────┘        any but printed ──cancel──> cancelled

A page follows the newest edition until it is sent; sending freezes it by the hash of its file, and only an explicit
revision thaws it again, before the paper's deadline. Pure: the time comes in; whoever keeps bookings writes down what
these functions return.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from .errors import OrderError

State = Literal["booked", "proof", "sent", "printed", "cancelled"]
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Booking:
    """``deadline``: aware; after it nothing changes but to printed or cancelled.

    ``edition``: the number its page shows, 0 if none. ``sha256``: of page.pdf, in hex; "" until there is a proof.
    ``sent_at``: when it was handed in.
    """

    paper: str
    lang: str
    deadline: datetime
    state: State = "booked"
    edition: int = 0
    sha256: str = ""
    sent_at: datetime | None = None

    @property
    def frozen(self) -> bool:
        """Whether the page may no longer change by itself."""
        return self.state in ("sent", "printed")

    def stale(self, newest: int) -> bool:
        """Whether a page of edition ``newest`` is to be made: there is none yet, or it shows an older one."""
        if self.state == "booked":
            return newest >= max(1, self.edition)
        return self.state == "proof" and self.edition < newest


def prove(booking: Booking, *, edition: int, sha256: str, now: datetime) -> Booking:
    """A page was made: of ``edition``, with the hash of its file. Raises OrderError if it may not change any more."""
    _in_time(booking, now)
    if booking.state not in ("booked", "proof"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}: revise it first")
    if edition < 1 or edition < booking.edition:
        raise OrderError(f"the page for {booking.paper} already shows edition {booking.edition}")
    if not _HASH.fullmatch(sha256):
        raise OrderError("a page is named by the SHA-256 of its file, in hex")
    return replace(booking, state="proof", edition=edition, sha256=sha256)


def send(booking: Booking, *, sha256: str, now: datetime) -> Booking:
    """The very page with ``sha256`` was handed in, and is frozen. Raises OrderError if the proof was of other bytes."""
    _in_time(booking, now)
    if booking.state != "proof":
        raise OrderError(f"the page for {booking.paper} is {booking.state}: there is no proof to send")
    if sha256 != booking.sha256:
        raise OrderError("this is not the page that was proved: its hash is another")
    return replace(booking, state="sent", sent_at=now)


def revise(booking: Booking, *, now: datetime) -> Booking:
    """The page may follow the newest edition again. Raises OrderError after the deadline, or once printed."""
    _in_time(booking, now)
    if booking.state not in ("proof", "sent"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}: there is nothing to revise")
    return replace(booking, state="booked", sha256="", sent_at=None)


def confirm_printed(booking: Booking) -> Booking:
    """It stood in the paper. Raises OrderError unless it was sent."""
    if booking.state != "sent":
        raise OrderError(f"the page for {booking.paper} is {booking.state}, it was not sent")
    return replace(booking, state="printed")


def cancel(booking: Booking) -> Booking:
    """It will not appear. Raises OrderError if it has."""
    if booking.state in ("printed", "cancelled"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}")
    return replace(booking, state="cancelled")


def _in_time(booking: Booking, now: datetime) -> None:
    if now > booking.deadline:
        raise OrderError(f"the copy deadline of {booking.paper} has passed")
