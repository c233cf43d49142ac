"""Django middleware: turns every error of a view into problem+json."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from undersigned.web.failures import problem_of
from undersigned.web.problems import CONTENT_TYPE, Problem, not_found


def problem_response(problem: Problem) -> HttpResponse:
    """The response for ``problem``."""
    return HttpResponse(
        problem.body(),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers={**problem.headers, "Cache-Control": "no-store"},
    )


class problems:  # noqa: N801 - named in the settings like a function
    """Middleware that turns a Problem, a ProtocolError and Django's own error pages into problem+json."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The view's response; for an HTML error page of Django's, a problem instead."""
        response = self._next(request)
        if response.status_code < 400 or response.headers.get("Content-Type") == CONTENT_TYPE:
            return response
        allowed = response.headers.get("Allow", "")
        plain = {
            400: Problem("malformed", "The request is not one this site can read. Nothing was kept."),
            404: not_found(),
            405: Problem("method-not-allowed", f"This address accepts {allowed or 'other methods'}.",
                         headers={"Allow": allowed}),
            413: Problem("too-large", "The body is larger than 64 KiB. Nothing was kept."),
        }  # fmt: skip
        return problem_response(plain[response.status_code]) if response.status_code in plain else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG002
        """The response to a view's exception. The log has the place in the code, never the request's content."""
        return problem_response(
            problem_of(
                error,
                away="The published files cannot be reached. It is unknown whether anything was stored; try again.",
                failed="The server failed. It is unknown whether anything was stored; check the letter's status.",
            )
        )
