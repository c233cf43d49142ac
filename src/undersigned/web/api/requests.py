"""Reading requests and writing answers in Django's views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from undersigned.protocol import canonical
from undersigned.web.problems import KEPT_NOTHING, MAX_BODY, Problem

T = TypeVar("T")
View = Callable[..., HttpResponse]


def only(method: str) -> Callable[[View], View]:
    """A view for one method; others get 405."""

    def wrap(view: View) -> View:
        def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
            if request.method != method:
                raise Problem("method-not-allowed", f"This address takes {method}.", headers={"Allow": method})
            return view(request, **parts)

        return guarded

    return wrap


def read(request: HttpRequest, kind: str = "application/json", limit: int = MAX_BODY) -> bytes:
    """The body. Raises Problem for another content type, or over ``limit`` bytes."""
    if request.content_type != kind:
        raise Problem("unsupported-type", f"The body must be {kind}. {KEPT_NOTHING}")
    body = request.read(limit + 1)
    if len(body) > limit:
        raise Problem("too-large", f"The body is larger than {limit // 1024} KiB. {KEPT_NOTHING}")
    return body


def read_as(request: HttpRequest, shape: type[T]) -> T:
    """The body as a value of ``shape``. Raises Problem or MalformedError."""
    value: T = canonical.decode_as(read(request), shape)
    return value


def say(value: object, status: int = 200) -> HttpResponse:
    """``value`` as canonical JSON."""
    return HttpResponse(
        canonical.encode(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def done() -> HttpResponse:
    """204: it is done, and there is nothing to say."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
