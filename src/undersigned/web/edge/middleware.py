"""Errors of Django's views as problem+json, whatever raised them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from undersigned.web.failures import problem_of
from undersigned.web.problems import CONTENT_TYPE, Problem, not_found


def answer(problem: Problem) -> HttpResponse:
    """``problem`` as an answer."""
    return HttpResponse(
        problem.body(),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers={**problem.headers, "Cache-Control": "no-store"},
    )


class problems:  # noqa: N801 - named in the settings as one names a function
    """Turns a Problem, or the protocol's refusal, into its answer; and Django's own plain refusals too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with a problem's body where it would be HTML about an error."""
        response = self._next(request)
        if response.status_code < 400 or response.headers.get("Content-Type") == CONTENT_TYPE:
            return response
        plain = {
            400: Problem("malformed", "The request is not one this site can read. Nothing was kept."),
            404: not_found(),
            405: Problem("method-not-allowed", f"This address takes {response.headers.get('Allow', 'other methods')}.",
                         headers={"Allow": response.headers.get("Allow", "")}),
            413: Problem("too-large", "The body is larger than 64 KiB. Nothing was kept."),
        }  # fmt: skip
        return answer(plain[response.status_code]) if response.status_code in plain else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG002
        """The answer to what a view raised. The log says where in the code it was, never what was asked."""
        return answer(
            problem_of(
                error,
                away="The published files cannot be reached. Whether it was kept is not known; try again.",
                failed="The server failed. What was kept is not known; ask again for the state.",
            )
        )
