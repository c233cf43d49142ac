"""Renders the forms' responses as HTML in the page's language, errors included. No cache may store them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_protect

from undersigned.protocol.errors import ProtocolError
from undersigned.web import access
from undersigned.web.database.postgresql.absence import is_absence
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import Problem, busy, from_protocol, unsure
from undersigned.web.reader.scripts import are_built, find_script
from undersigned.web.reader.words import words

View = Callable[..., HttpResponse]
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # With "no-referrer" browsers send "Origin: null" with our own forms too, so the CSRF check could not tell them from
    # another site's. With "same-origin" other sites still learn nothing.
    "Referrer-Policy": "same-origin",
}


def page(
    request: HttpRequest, template: str, language: str, heading: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Renders a template of ``templates/forms/``. ``heading``: the message for heading and title; names no letter."""
    said = words(language)
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
    """Decorator: a view that shows a form on GET and acts on POST, with CSRF protection and errors as pages."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        language = str(parts.get("language", "en"))
        if request.method not in ("GET", "HEAD", "POST"):
            raise Problem("method-not-allowed", "This address accepts GET and POST.", headers={"Allow": "GET, POST"})
        slug = str(parts.get("slug", ""))
        try:
            return view(request, **parts)
        except Problem as problem:
            return refusal(request, language, problem, slug)
        except ProtocolError as error:
            return refusal(request, language, from_protocol(error), slug)
        except OperationalError as error:
            # A database that goes away may have kept what was sent: only then the form does not say that nothing was.
            return refusal(request, language, unsure() if is_absence(error) else busy(), slug)

    protected: View = csrf_protect(guarded)
    return protected


def refusal(request: HttpRequest, language: str, problem: Problem, slug: str = "") -> HttpResponse:
    """Renders ``problem`` as a page, in the page's language if the catalog has a message for its code.

    ``slug``: the letter that the form belongs to, if any; then the page also says what to do next.
    """
    said = words(language)
    texts = [said.get(problem.message, problem.detail)]
    links: Sequence[str] = ()
    if problem.code == "code-used":
        texts += [said["code_used_own"], said["code_used_other"]]
        links = ("counted", "withdraw")
    context = _letter_of(slug, language)
    return page(
        request, "said", language, "form_refused", status=problem.status, paragraphs=texts,
        links=_links(said, context, links), **context,
    )  # fmt: skip


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django hands it in
    """Django's CSRF failure view. It cannot know whether an earlier attempt went through, and says how to find out."""
    parts = [*request.path.split("/"), "", ""]
    # .../form/<language>/... or /code/<language>/
    slug, language = ("", parts[2]) if parts[1] == "code" else (parts[1], parts[3])
    said, context = words(language), _letter_of(slug, language)
    again = [{"path": request.path, "word": said["form_again"]}]
    return page(
        request, "said", language, "form_refused", status=403, links=[*again, *_links(said, context, ("counted",))],
        paragraphs=[said["form_expired"], said["form_expired_find"]], **context,
    )  # fmt: skip


def _letter_of(slug: str, language: str) -> dict[str, Any]:
    """``letter_context``; empty if there is no such letter in that language, or the database does not answer."""
    try:
        return letter_context(access.access_letter(slug), language) if slug else {}
    except (Problem, DatabaseError):
        return {}


def _links(said: dict[str, str], context: dict[str, Any], names: Sequence[str]) -> list[dict[str, str]]:
    """Links to the next steps, for an error page."""
    if not context:
        return []
    known = {"withdraw": {"path": f"{context['form']}withdraw", "word": said["form_withdraw"]}}
    if are_built():
        known["counted"] = {"path": f"{context['home']}counted/", "word": said["act_counted"]}
    return [known[name] for name in names if name in known]


def letter_context(letter: FixedLetter, language: str) -> dict[str, Any]:
    """The template context of a letter's forms. Raises Problem if the letter is not in that language."""
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
