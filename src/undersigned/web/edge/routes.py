"""Which paths are Django's, read from the URL configuration (``urls``), so that a route is declared once.

The configuration imports every view, so it is loaded with the first question. Signatures and published files are
answered before anything asks.
"""

from __future__ import annotations

from django.urls import Resolver404, resolve

from undersigned.web.bookings.actions.handle import MAX_PROFILE
from undersigned.web.problems import MAX_BODY

PROFILE = "profile"
"""The name of the one route whose body may be large: a printer's colour profile."""


def is_route(path: str) -> bool:
    """Whether Django answers at ``path``, whatever the method."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def longest_body(path: str, *, authorized: bool) -> int:
    """How many bytes a request's body may have. More than usual only with credentials, which the view checks."""
    if not authorized:
        return MAX_BODY
    try:
        return MAX_PROFILE if resolve(path).url_name == PROFILE else MAX_BODY
    except Resolver404:
        return MAX_BODY
