"""What trustees tell the log over HTTP."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from undersigned.web import access, wiring
from undersigned.web.api.requests import done, only, read
from undersigned.web.log import actions


@only("POST")
def cosignatures(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST cosignatures."""
    lines = read(request, "text/plain")
    actions.cosign(letter=access.access_letter(slug), lines=lines, now=wiring.world().clock())
    return done()
