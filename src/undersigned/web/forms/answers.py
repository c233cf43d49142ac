"""Answers of the forms: pages that are stored nowhere, in the words of their language, also when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_protect

from undersigned.protocol.errors import ProtocolError
from undersigned.web.letters.known import KnownLetter
from undersigned.web.pages.scripts import find_script
from undersigned.web.pages.words import form_words
from undersigned.web.problems import Problem, busy, from_protocol

View = Callable[..., HttpResponse]
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # With "no-referrer" browsers send "Origin: null" on our own forms, and the token check could not tell them from
    # a stranger's. Other sites still learn nothing.
    "Referrer-Policy": "same-origin",
}


def page(
    request: HttpRequest, template: str, language: str, heading: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """A page from ``templates/forms/``. ``heading``: the word for it, which is the title too and names no letter."""
    said = form_words(language)
    full = {
        "t": said,
        "language": said["language"],
        "direction": said["direction"],
        "heading": said[heading],
        "script": find_script("fragment.js"),
        **context,
    }
    answer = render(request, f"forms/{template}.html", full, status=status)
    for name, value in _HEADERS.items():
        answer[name] = value
    patch_vary_headers(answer, ("Cookie",))
    return answer


def form(view: View) -> View:
    """A view that shows a form at GET and acts at POST: guarded against forgery, refusing in words."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        language = str(parts.get("language", "en"))
        if request.method not in ("GET", "HEAD", "POST"):
            raise Problem("method-not-allowed", "This address takes GET and POST.", headers={"Allow": "GET, POST"})
        try:
            return view(request, **parts)
        except Problem as problem:
            return refusal(request, language, problem)
        except ProtocolError as error:
            return refusal(request, language, from_protocol(error))
        except OperationalError:
            return refusal(request, language, busy())

    protected: View = csrf_protect(guarded)
    return protected


def refusal(request: HttpRequest, language: str, problem: Problem) -> HttpResponse:
    """``problem`` as a page: in the page's language where there are words for it, else as the problem says it."""
    said = form_words(language)
    text = said.get(f"problem_{problem.code.replace('-', '_')}", problem.detail)
    return page(request, "said", language, "form_refused", status=problem.status, paragraphs=[text])


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django hands it in
    """The answer to a form whose token is missing or another browser's."""
    parts = [*request.path.split("/"), "", ""]
    # .../form/<language>/... or /code/<language>/
    language = parts[2] if parts[1] == "code" else parts[3]
    return page(
        request, "said", language, "form_refused", status=403, paragraphs=[form_words(language)["form_expired"]]
    )


def letter_context(letter: KnownLetter, language: str) -> dict[str, Any]:
    """What each page of a letter's forms shows of it. Raises Problem if the letter is not in that language."""
    if language not in letter.manifest.title:
        raise Problem("not-found", "This letter is not in that language.")
    return {
        "letter_title": letter.manifest.title[language],
        "letter_language": language,
        "home": f"/{letter.slug}/{language}/",
        "form": f"/{letter.slug}/form/{language}/",
        "domains": letter.manifest.eligibility.domains,
        "by_mail": letter.manifest.eligibility.check == "mail",
    }
