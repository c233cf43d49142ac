"""Helpers of the API's views: allowed methods, request bodies with a size limit, JSON responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from undersigned.protocol import canonical
from undersigned.web.problems import KEPT_NOTHING, MAX_BODY, Problem

T = TypeVar("T")
View = Callable[..., HttpResponse]


def allow_method(method: str) -> Callable[[View], View]:
    """Decorator: the view accepts one HTTP method, others get 405."""

    def wrap(view: View) -> View:
        def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
            if request.method != method:
                raise Problem("method-not-allowed", f"This address accepts {method}.", headers={"Allow": method})
            return view(request, **parts)

        return guarded

    return wrap


def read_body(request: HttpRequest, kind: str = "application/json", limit: int = MAX_BODY) -> bytes:
    """The request's body. Raises Problem for another content type, or if it is longer than ``limit`` bytes."""
    if request.content_type != kind:
        raise Problem("unsupported-type", f"The body must be {kind}. {KEPT_NOTHING}")
    body = request.read(limit + 1)
    if len(body) > limit:
        raise Problem("too-large", f"The body is larger than {limit // 1024} KiB. {KEPT_NOTHING}")
    return body


def parse_body(request: HttpRequest, shape: type[T]) -> T:
    """The request's JSON body as a value of ``shape``. Raises Problem or MalformedError."""
    value: T = canonical.decode_as(read_body(request), shape)
    return value


def respond_json(value: object, status: int = 200) -> HttpResponse:
    """A response with ``value`` as canonical JSON."""
    return HttpResponse(
        canonical.encode(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def respond_empty() -> HttpResponse:
    """An empty response, 204."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
