"""Health check of the database, for monitoring. The workers' own health check does not need Django (asgi.py)."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse

from undersigned.web.api.http_helpers import allow_method, respond_json


@allow_method("GET")
def database(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """GET healthz/database: 200 if the database can be read, 503 if not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM letters_letter LIMIT 1")
    return respond_json({"status": "ok"})
