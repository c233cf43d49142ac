"""Errors as problem+json (RFC 9457), each with a stable type (docs/reference/http.md, docs/adr/0007)."""

from __future__ import annotations

import unicodedata
from typing import Final

from undersigned.protocol import canonical
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.spec import PROBLEMS, Code

CONTENT_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:undersigned:problem:"

_KINDS: Final = {
    code: (problem.status, problem.sentence) for code, problem in PROBLEMS.items() if problem.status is not None
}
"""Status and title of every code that is sent."""
KEPT_NOTHING: Final = "Nothing was kept."
MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body (protocol.md section 8)."""


class Problem(Exception):  # noqa: N818 - it is an answer
    """An answer that says no. ``detail``: what happened, what was kept, what to do.

    ``message``: the id of the sentence that pages show for it (``reader/catalog``); one code can stand for several.
    """

    def __init__(self, code: Code, detail: str, *, headers: dict[str, str] | None = None, message: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers = code, detail, headers or {}
        self.message = message or f"problem_{code.replace('-', '_')}"

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _KINDS[self.code][0]

    def body(self) -> bytes:
        """The response's body."""
        status, title = _KINDS[self.code]
        # The detail may quote the request, and canonical JSON rejects text that is not NFC or not Unicode.
        detail = unicodedata.normalize("NFC", self.detail.encode(errors="replace").decode())
        return canonical.encode({"type": PREFIX + self.code, "title": title, "status": status, "detail": detail})


def from_protocol(error: ProtocolError) -> Problem:
    """The Problem for a request that the protocol's rules refuse."""
    text = str(error)
    code: Code = error.code if error.code in _KINDS else "malformed"
    return Problem(code, f"{text[:1].upper()}{text[1:]}. {KEPT_NOTHING}")


def busy(
    detail: str = "The site is too busy right now. Nothing was kept; the same request can be sent again.",
    *,
    message: str = "problem_busy",
) -> Problem:
    """Too much at once."""
    return Problem("busy", detail, headers={"Retry-After": "2"}, message=message)


def unsure() -> Problem:
    """The database went away, or did not keep all it should: the same request, sent again, finds out."""
    detail = "The database did not confirm it. Whether it was kept is not known: send the same again to find out."
    return busy(detail, message="problem_unsure")


def halted() -> Problem:
    """The letter's log cannot go on where it is (docs/adr/0066)."""
    detail = (
        "This letter takes nothing but withdrawals now: the site found itself with an older database than its log. "
        "Its operator has been told. Nothing was kept; the same request can be sent again later."
    )
    return Problem("busy", detail, headers={"Retry-After": "600"}, message="problem_halted")


def full() -> Problem:
    """The disk is full. What room is left is kept for withdrawals."""
    return Problem(
        "full",
        "The server's disk is full. Nothing was kept; the same request can be sent again later. Withdrawals are taken.",
        headers={"Retry-After": "60"},
    )


def not_found() -> Problem:
    """No such page or file."""
    return Problem("not-found", "There is nothing at this address.")
