"""HTTP API for the log: trustees submit cosignatures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from undersigned.web import access, wiring
from undersigned.web.api.http_helpers import allow_method, read_body, respond_empty
from undersigned.web.log import actions


@allow_method("POST")
def cosignatures(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST cosignatures: stores signature lines of trustees."""
    lines = read_body(request, "text/plain")
    actions.store_cosignatures(letter=access.access_letter(slug), lines=lines, now=wiring.world().clock())
    return respond_empty()
