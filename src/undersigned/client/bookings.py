"""The organiser's pages in newspapers: booked on the server, made there, fetched and handed in from here."""

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
"""Bytes of a page's file."""
_WAIT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Booked:
    """One booking as the server tells it (docs/reference/http.md). ``due``: a page is being made, or will be."""

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
    """The bookings of the letter that ``http`` leads to."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def all(self) -> list[Booked]:
        """Every booking, by number."""
        answer = self._http.get_json("bookings")
        if not isinstance(answer, dict) or not isinstance(answer.get("bookings"), list):
            raise AnswerError("the server's answer is not a list of bookings")
        return [_booked(row) for row in answer["bookings"]]

    def one(self, number: int) -> Booked:
        """One of them. Raises InputError if there is none."""
        found = next((row for row in self.all() if row.number == number), None)
        if found is None:
            raise InputError(f"there is no booking {number}: undersigned booking list shows them")
        return found

    def book(self, deadline: str, terms: dict[str, Any]) -> Booked:
        """Books a page; the same again is the same booking."""
        return _booked(self._http.post("bookings", {"deadline": deadline, **terms}))

    def act(self, number: int, verb: str, body: dict[str, Any] | None = None) -> Booked:
        """``sent``, ``revise``, ``printed`` or ``cancel``."""
        return _booked(self._http.post(f"bookings/{number}/{verb}", body or {}))

    def set_profile(self, number: int, icc: bytes) -> Booked:
        """Hands over the paper's ICC profile."""
        return _booked(self._http.post_bytes(f"bookings/{number}/profile", icc, "application/vnd.iccprofile"))

    def wait(self, number: int, seconds: float, progress: Callable[[int], None]) -> Booked:
        """The booking once its page is made or refused. Raises WaitingError after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.one(number)
            progress(found.progress or 0)
            if not found.due:
                return found
            if time.monotonic() > deadline:
                raise WaitingError(f"waited {seconds:.0f} seconds in vain for the page of booking {number}")
            time.sleep(_WAIT)

    def fetch(self, booking: Booked, out: Path) -> list[Path]:
        """The page's files, into ``out``: the page last. Raises AnswerError if it is not the page the server proved."""
        page = self._http.get(f"bookings/{booking.number}/page.pdf", limit=PAGE_LIMIT)
        if hashlib.sha256(page).hexdigest() != booking.sha256:
            raise AnswerError("the page has another hash than its booking: fetch it again")
        names = ["report.json", "page.png", *(["page-2.png"] if booking.pages > 1 else [])]
        found = {name: self._http.get(f"bookings/{booking.number}/{name}", limit=PAGE_LIMIT) for name in names}
        out.mkdir(parents=True, exist_ok=True)
        for name, data in {**found, "page.pdf": page}.items():
            durable.write_over(out / name, data)
        return [out / name for name in ("page.pdf", *names)]


def _booked(answer: Any) -> Booked:
    names = [field.name for field in fields(Booked)]
    if not isinstance(answer, dict) or any(name not in answer for name in names):
        raise AnswerError("the server's answer is not a booking")
    return Booked(**{name: answer[name] for name in names})
