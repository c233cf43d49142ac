"""Who the roll says the holder of an access code is, without using the code up (protocol.md section 4).

The site answers ``box`` alike for used and unused codes, so that asking tells nobody whether somebody has signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.protocol import base64url, roll

from .errors import AnswerError, InputError
from .http import Http
from .letter import Letter, fetch_roll


@dataclass(frozen=True, slots=True)
class Certified:
    """A record of the roll, and the place on it that only the holder of its access code can show."""

    place: roll.Place
    record: roll.Record


def fetch_record(http: Http, letter: Letter, access: bytes) -> Certified:
    """The record behind an access code, used or not. ``access``: the code's 20 characters.

    Raises ProblemError (``code-unknown``), AnswerError, InvalidError if the box is not this code's, InputError if the
    roll that was fixed has no such record: a name of it would be void when it is opened.
    """
    place = roll.place(access, letter.rid)
    leaf, box = read_box(http.post("box", {"token": base64url.encode(place.token)}))
    record = roll.open_box(place, leaf, box)
    if base64url.encode(leaf) not in fetch_roll(http, letter).leaves:
        raise InputError("what this access code stands for is not on the roll that was fixed with the letter")
    return Certified(place, record)


def read_box(answer: object) -> tuple[bytes, bytes]:
    """Leaf and box in an answer of ``box`` or ``activate``. Raises AnswerError if it holds none, MalformedError."""
    return base64url.decode(read_field(answer, "leaf"), 32), base64url.decode(read_field(answer, "box"))


def read_field(answer: object, name: str) -> str:
    """A text in a site's answer. Raises AnswerError without it."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise AnswerError(f"the registrar's answer lacks {name}")
    return value
