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
    """An error response. ``detail``: what happened, what was kept, what to do.

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
    """The Problem for too much load: the client should retry (backpressure)."""
    return Problem("busy", detail, headers={"Retry-After": "2"}, message=message)


def unsure() -> Problem:
    """The Problem for an unknown outcome: the database was lost during the commit. Requests are idempotent: retry."""
    detail = "The database did not confirm it. It is not known whether it was kept: send the same again to find out."
    return busy(detail, message="problem_unsure")


def halted() -> Problem:
    """The Problem for a halted letter: its database has been rolled back behind its log (docs/adr/0066)."""
    detail = (
        "This letter takes only withdrawals now: the site's database is older than the letter's log. "
        "The operator's log says so. Nothing was kept; the same request can be sent again later."
    )
    return Problem("busy", detail, headers={"Retry-After": "600"}, message="problem_halted")


def full() -> Problem:
    """The Problem for a full disk: the disk reserve is for withdrawals only."""
    return Problem(
        "full",
        "The server's disk is full. Nothing was kept; the same request can be sent again later. Withdrawals are taken.",
        headers={"Retry-After": "60"},
    )


def not_found() -> Problem:
    """The Problem for an address without a page or file."""
    return Problem("not-found", "There is nothing at this address.")
