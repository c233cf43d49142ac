"""Whether the site's database answers, for monitoring. Whether a worker does is said without Django (asgi.py)."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse

from undersigned.web.api.requests import only, say


@only("GET")
def database(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """200 if the database can be read, else 503."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM letters_letter LIMIT 1")
    return say({"status": "ok"})
