"""API client for an organiser's bookings: newspaper pages booked and typeset on the server, and downloaded here."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from undersigned import durable

from .errors import AnswerError, InputError, WaitingError
from .http import Http

PAGE_LIMIT: Final = 64 * 1024 * 1024
"""Size limit of a page's file in bytes."""
_WAIT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking as the API returns it (docs/reference/http.md). ``due``: whether a page is being made or will be."""

    number: int
    paper: str
    size: str
    lang: str
    beside: str
    style: str
    design: str
    imprint: str
    titles: bool
    sections: bool
    pages: int
    first: int
    deadline: str
    state: str
    edition: int
    sha256: str
    sent_at: str | None
    frozen: bool
    due: bool
    progress: int | None
    refusal: str | None


class Bookings:
    """The bookings of the letter at ``http``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def all(self) -> list[Booking]:
        """All bookings, by number."""
        answer = self._http.get_json("bookings")
        if not isinstance(answer, dict) or not isinstance(answer.get("bookings"), list):
            raise AnswerError("the server's response is not a list of bookings")
        return [_parse_booking(row) for row in answer["bookings"]]

    def one(self, number: int) -> Booking:
        """One booking. Raises InputError if it does not exist."""
        found = next((row for row in self.all() if row.number == number), None)
        if found is None:
            raise InputError(f"there is no booking {number}; list them with: undersigned booking list")
        return found

    def book(self, deadline: str, terms: dict[str, Any]) -> Booking:
        """Books a page. Idempotent: the same terms give the same booking."""
        return _parse_booking(self._http.post("bookings", {"deadline": deadline, **terms}))

    def act(self, number: int, verb: str, body: dict[str, Any] | None = None) -> Booking:
        """Posts an action: ``sent``, ``revise``, ``printed`` or ``cancel``."""
        return _parse_booking(self._http.post(f"bookings/{number}/{verb}", body or {}))

    def set_profile(self, number: int, icc: bytes) -> Booking:
        """Uploads the paper's ICC profile."""
        return _parse_booking(self._http.post_bytes(f"bookings/{number}/profile", icc, "application/vnd.iccprofile"))

    def wait(self, number: int, seconds: float, progress: Callable[[int], None]) -> Booking:
        """Polls until the page is made or has failed. Raises WaitingError after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.one(number)
            progress(found.progress or 0)
            if not found.due:
                return found
            if time.monotonic() > deadline:
                raise WaitingError(f"the page of booking {number} was not ready after {seconds:.0f} seconds")
            time.sleep(_WAIT)

    def fetch(self, booking: Booking, out: Path) -> list[Path]:
        """Downloads the page's files into ``out``, the page last. Raises AnswerError if its hash is wrong."""
        page = self._http.get(f"bookings/{booking.number}/page.pdf", limit=PAGE_LIMIT)
        if hashlib.sha256(page).hexdigest() != booking.sha256:
            raise AnswerError("the page's hash differs from its booking's: download it again")
        names = ["report.json", "page.png", *(["page-2.png"] if booking.pages > 1 else [])]
        found = {name: self._http.get(f"bookings/{booking.number}/{name}", limit=PAGE_LIMIT) for name in names}
        out.mkdir(parents=True, exist_ok=True)
        for name, data in {**found, "page.pdf": page}.items():
            durable.write_over(out / name, data)
        return [out / name for name in ("page.pdf", *names)]


def _parse_booking(answer: Any) -> Booking:
    names = [field.name for field in fields(Booking)]
    if not isinstance(answer, dict) or any(name not in answer for name in names):
        raise AnswerError("the server's response is not a booking")
    return Booking(**{name: answer[name] for name in names})
