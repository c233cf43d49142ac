"""Answers of the forms: pages that are stored nowhere, in the words of their language, also when something is wrong."""

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
    # With "no-referrer" browsers send "Origin: null" on our own forms, and the token check could not tell them from
    # a stranger's. Other sites still learn nothing.
    "Referrer-Policy": "same-origin",
}


def page(
    request: HttpRequest, template: str, language: str, heading: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """A page from ``templates/forms/``. ``heading``: the word for it, which is the title too and names no letter."""
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
    """A view that shows a form at GET and acts at POST: guarded against forgery, refusing in words."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        language = str(parts.get("language", "en"))
        if request.method not in ("GET", "HEAD", "POST"):
            raise Problem("method-not-allowed", "This address takes GET and POST.", headers={"Allow": "GET, POST"})
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
    """``problem`` as a page: in the page's language where there are words for it, else as the problem says it.

    ``slug``: the letter's whose form it was, if it was a letter's; what to do next is then on the page.
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
    """The answer to a form whose token is missing or another browser's. What was sent before it cannot know."""
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
    """``letter_context``, or nothing if there is no such letter in that language, or nobody can tell now."""
    try:
        return letter_context(access.access_letter(slug), language) if slug else {}
    except (Problem, DatabaseError):
        return {}


def _links(said: dict[str, str], context: dict[str, Any], names: Sequence[str]) -> list[dict[str, str]]:
    """Where one goes on from a page that says no."""
    if not context:
        return []
    known = {"withdraw": {"path": f"{context['form']}withdraw", "word": said["form_withdraw"]}}
    if are_built():
        known["counted"] = {"path": f"{context['home']}counted/", "word": said["act_counted"]}
    return [known[name] for name in names if name in known]


def letter_context(letter: FixedLetter, language: str) -> dict[str, Any]:
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
