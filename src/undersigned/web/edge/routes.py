"""Looks up which paths Django answers, in the URL configuration (``urls``), so that each route is declared once.

The configuration imports every view, so it is loaded on first use. Requests for signatures and published files are
answered without it.
"""

from __future__ import annotations

from django.urls import Resolver404, ResolverMatch, resolve

from undersigned.web.bookings.actions.handle import MAX_PROFILE
from undersigned.web.problems import MAX_BODY

PROFILE = "profile"
"""The name of the one route whose body may be large: a printer's colour profile."""


def is_route(path: str) -> bool:
    """Whether Django answers at ``path``, whatever the method."""
    return _find(path) is not None


def longest_body(path: str, *, authorized: bool) -> int:
    """The size limit of a request body in bytes. It is larger only with credentials, which the view checks."""
    route = _find(path) if authorized else None
    return MAX_PROFILE if route is not None and route.url_name == PROFILE else MAX_BODY


def _find(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
