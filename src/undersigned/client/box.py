"""Looks up the roll record of an access code without using the code up (protocol.md section 4).

The site gives the same ``box`` response for used and unused codes, so that the request does not reveal who has signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from undersigned.protocol import base64url, roll

from .errors import AnswerError, InputError
from .http import Http
from .letter import Letter, fetch_roll


@dataclass(frozen=True, slots=True)
class Certified:
    """A record of the roll, with the opening that only the holder of its access code can show."""

    place: roll.Place
    record: roll.Record


def fetch_record(http: Http, letter: Letter, access: bytes) -> Certified:
    """The record of an access code, used or not. ``access``: the code's 20 characters.

    Raises ProblemError (``code-unknown``), AnswerError, InvalidError if the box does not belong to this code,
    InputError if the letter's fixed roll has no such record: its name would be void when it is opened.
    """
    place = roll.place(access, letter.rid)
    leaf, box = read_box(http.post("box", {"token": base64url.encode(place.token)}))
    record = roll.open_box(place, leaf, box)
    if base64url.encode(leaf) not in fetch_roll(http, letter).leaves:
        raise InputError("this access code's record is not on the roll that was fixed with the letter")
    return Certified(place, record)


def read_box(answer: object) -> tuple[bytes, bytes]:
    """Leaf and box in a response of ``box`` or ``activate``. Raises AnswerError if one is missing, MalformedError."""
    return base64url.decode(read_field(answer, "leaf"), 32), base64url.decode(read_field(answer, "box"))


def read_field(answer: object, name: str) -> str:
    """A string field of a response. Raises AnswerError if it is missing."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise AnswerError(f"the registrar's response lacks {name}")
    return value
