"""Whether the site is alive."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse

from undersigned.web.requests import only, say


@only("GET")
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """200 if this process answers and its database can be read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM letters_letter LIMIT 1")
    return say({"status": "ok"})
