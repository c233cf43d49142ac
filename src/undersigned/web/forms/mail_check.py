"""Views of the email check: request a code, use the code of an email, block further emails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from undersigned.protocol.errors import MalformedError
from undersigned.web import access, wiring
from undersigned.web.forms import views as forms
from undersigned.web.forms.answers import form, letter_context, page
from undersigned.web.forms.client import token_hash
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.mail import actions
from undersigned.web.mail.addresses import Digests, parse_address
from undersigned.web.problems import Problem
from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.words import words
from undersigned.web.records.models import Code, Letter
from undersigned.web.signing.actions.use_codes import check_open


@form
def ask(request: HttpRequest, *, slug: str, language: str) -> HttpResponse:
    """Requests a code for an address. The response is the same whatever the site knows about the address."""
    letter = access.access_letter(slug)
    context = letter_context(letter, language)
    if not context["by_mail"]:
        raise Problem("not-found", "Codes for this letter are not sent by email.")
    check_open(letter)
    if request.method != "POST":
        return page(request, "ask", language, "form_ask", **context)
    typed = request.POST.get("address", "")
    try:
        address = parse_address(typed)
    except MalformedError:
        error = words(language)["error_address"]
        return page(request, "ask", language, "form_ask", status=422, error=error, address=typed[:254], **context)
    world = wiring.world()
    actions.queue_code(letter=letter, address=address, language=language, world=world, now=world.clock())
    return page(request, "asked", language, "form_asked", **context)


@form
def code(request: HttpRequest, *, language: str) -> HttpResponse:
    """The target of an email's link. The code identifies the letter, the link does not; only the POST does anything."""
    if request.method != "POST":
        return page(request, "anycode", language, "form_code")
    typed = request.POST.get("code", "")
    access_code, withdrawal = forms.read_code("S", typed), forms.read_code("W", typed)
    for row in Letter.objects.filter(letter__isnull=False):
        letter = load_letter(row, wiring.world().keys)
        tag = language if language in letter.manifest.title else letter.manifest.languages[0]
        if access_code is not None and _is_code_of(letter, access_code):
            if letter.manifest.sealed and are_built():
                return forms.link_to_signing(request, letter, tag, access_code)
            return forms.take_code(request, letter, tag, typed)
        if withdrawal is not None and not letter.manifest.sealed and forms.has_signed(letter, withdrawal):
            return forms.take_withdrawal(request, letter, tag, typed, sure=False)
    malformed = access_code is None and withdrawal is None
    error = words(language)["error_code" if malformed else "error_code_unknown"]
    return page(request, "anycode", language, "form_code", status=422, error=error, code=typed[:60])


def _is_code_of(letter: FixedLetter, access_code: bytes) -> bool:
    if letter.manifest.eligibility.check != "mail":
        return False
    return Code.objects.filter(letter=letter.pk, token_hash=token_hash(access_code, letter)).exists()


@csrf_exempt
def stop(request: HttpRequest, *, token: str) -> HttpResponse:
    """Unsubscribe page. Its POST is also the one-click unsubscribe of mail programs (RFC 8058).

    Exempt from CSRF protection: the link in the email is the authorisation, and mail programs send no cookies.
    """
    language = request.GET.get("l", "en")[:35]
    try:
        digest = Digests(wiring.world().keys.mail_secret()).read_stop_token(token)
    except MalformedError:
        text = words(language)["stop_unknown"]
        return page(request, "said", language, "form_refused", status=404, paragraphs=[text])
    if request.method == "POST":
        actions.block_address(digest=digest)
        return page(request, "said", language, "stop_done", paragraphs=[words(language)["stop_done_text"]])
    if request.method not in ("GET", "HEAD"):
        raise Problem("method-not-allowed", "This address accepts GET and POST.", headers={"Allow": "GET, POST"})
    return page(request, "stop", language, "stop_ask")
