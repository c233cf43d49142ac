"""State machine of a booking in one paper: which action is allowed in which state, and when a page is frozen.

::

    booked ──proof──> proof ──send──> sent ──print──> printed
       ^                │               │
       └──── revise ────┴─── revise ────┘        any but printed ──cancel──> cancelled

A page follows the newest edition until it is sent. Sending freezes it by the hash of its file; only an explicit
revision before the paper's deadline unfreezes it. Pure functions: the time is an argument, and the caller stores the
result.
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
    """``deadline``: aware; after it, the only changes are to printed or cancelled.

    ``edition``: the number that its page shows, 0 if none. ``sha256``: of page.pdf, in hex; "" before the first proof.
    ``sent_at``: when it was sent to the paper.
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
        """Whether the page no longer follows new editions."""
        return self.state in ("sent", "printed")

    def stale(self, newest: int) -> bool:
        """Whether a new page is needed for edition ``newest``: there is none yet, or it shows an older edition."""
        if self.state == "booked":
            return newest >= max(1, self.edition)
        return self.state == "proof" and self.edition < newest


def prove(booking: Booking, *, edition: int, sha256: str, now: datetime) -> Booking:
    """Records a finished page: its edition and file hash. Raises OrderError if it may no longer change."""
    _check_deadline(booking, now)
    if booking.state not in ("booked", "proof"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}: revise it first")
    if edition < 1 or edition < booking.edition:
        raise OrderError(f"the page for {booking.paper} already shows edition {booking.edition}")
    if not _HASH.fullmatch(sha256):
        raise OrderError("a page is identified by the SHA-256 of its file, in hex")
    return replace(booking, state="proof", edition=edition, sha256=sha256)


def send(booking: Booking, *, sha256: str, now: datetime) -> Booking:
    """Records that the page was sent, and freezes it. Raises OrderError if ``sha256`` is not the proof's."""
    _check_deadline(booking, now)
    if booking.state != "proof":
        raise OrderError(f"the page for {booking.paper} is {booking.state}: there is no proof to send")
    if sha256 != booking.sha256:
        raise OrderError("this is not the page of the proof: its hash is different")
    return replace(booking, state="sent", sent_at=now)


def revise(booking: Booking, *, now: datetime) -> Booking:
    """Lets the page follow the newest edition again. Raises OrderError after the deadline, or once printed."""
    _check_deadline(booking, now)
    if booking.state not in ("proof", "sent"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}: there is nothing to revise")
    return replace(booking, state="booked", sha256="", sent_at=None)


def confirm_printed(booking: Booking) -> Booking:
    """Records that the page was printed. Raises OrderError unless it was sent."""
    if booking.state != "sent":
        raise OrderError(f"the page for {booking.paper} is {booking.state}, it was not sent")
    return replace(booking, state="printed")


def cancel(booking: Booking) -> Booking:
    """Cancels the page. Raises OrderError if it was printed."""
    if booking.state in ("printed", "cancelled"):
        raise OrderError(f"the page for {booking.paper} is {booking.state}")
    return replace(booking, state="cancelled")


def _check_deadline(booking: Booking, now: datetime) -> None:
    if now > booking.deadline:
        raise OrderError(f"the copy deadline of {booking.paper} has passed")
