"""Views for signing and withdrawing without JavaScript, one step at a time."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import base64url, codes, roll
from undersigned.protocol.codes import Kind
from undersigned.protocol.errors import DuplicateError, MalformedError, SequenceError
from undersigned.protocol.roll import Record
from undersigned.web import access, wiring
from undersigned.web.forms import actions
from undersigned.web.forms.answers import form, letter_context, page
from undersigned.web.forms.choice import Filled, name_styles, parse_choice
from undersigned.web.forms.client import signer_key, token_hash
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.mail.actions import queue_withdrawal
from undersigned.web.problems import Problem
from undersigned.web.reader.scripts import find_script
from undersigned.web.reader.words import words
from undersigned.web.records.models import Entry, Pending
from undersigned.web.signing.actions.use_codes import check_open, find_box

_RELOADABLE: Final = 3600
"""Seconds for which the page after signing or withdrawing can be reloaded."""


@form
def sign(request: HttpRequest, *, slug: str, language: str) -> HttpResponse:
    """Asks for the access code, then how the name should appear, then signs and shows the withdrawal code."""
    letter = access.access_letter(slug)
    context = letter_context(letter, language)
    if letter.manifest.sealed:
        return sealed(request, language, context)
    spelt = read_code("W", request.POST.get("withdrawal", "")) if request.method == "POST" else None
    # Idempotent also after the letter has closed: a form that has signed before gets its response again.
    if spelt is None or not has_signed(letter, spelt):
        check_open(letter)
    if request.method != "POST":
        return page(request, "code", language, "form_sign", kind="sign", **context)
    if "withdrawal" not in request.POST:
        return take_code(request, letter, language, request.POST.get("code", ""))
    return _finish(request, letter, language)


@form
def withdraw(request: HttpRequest, *, slug: str, language: str) -> HttpResponse:
    """Asks for the withdrawal code, then for confirmation, then withdraws. Stays open after a cut or abandonment."""
    letter = access.access_letter(slug)
    context = letter_context(letter, language)
    if letter.manifest.sealed:
        return sealed(request, language, context, "form_sealed_withdraw")
    if request.method != "POST":
        return page(request, "code", language, "form_withdraw", kind="withdraw", **context)
    return take_withdrawal(request, letter, language, request.POST.get("code", ""), "sure" in request.POST)


def sealed(request: HttpRequest, language: str, context: dict[str, Any], heading: str = "form_sealed") -> HttpResponse:
    """Explains why a sealed letter cannot be signed or withdrawn from without JavaScript."""
    said = words(language)
    return page(request, "said", language, heading, status=409, paragraphs=[said["form_sealed_why"]], **context)


def link_to_signing(request: HttpRequest, letter: FixedLetter, language: str, code: bytes) -> HttpResponse:
    """Links to a sealed letter's signing page, with the code in the URL's fragment, which is not sent to the server."""
    context = letter_context(letter, language)
    said = words(language)
    link = f"{context['home']}sign/#{letter.letter}.{codes.format_code('S', code)}"
    return page(
        request, "said", language, "form_sign", paragraphs=[said["seal_promise"]], go=link, go_word=said["button_next"],
        **context,
    )  # fmt: skip


def read_code(kind: Kind, typed: str) -> bytes | None:
    """The code's 20 characters, or None if it is malformed."""
    try:
        return codes.parse_code(kind, typed)
    except MalformedError:
        return None


def take_code(request: HttpRequest, letter: FixedLetter, language: str, typed: str) -> HttpResponse:
    """The signing form for an access code, or the code's page again with an error.

    Whether the code has been used is checked only in the last step (docs/adr/0098). With a roll the code's box is
    opened, and the form shows the holder the name they sign with. Without a roll nothing is looked up.
    """
    context = letter_context(letter, language)
    if letter.manifest.sealed:
        return sealed(request, language, context)
    check_open(letter)
    code = read_code("S", typed)
    record, error = None, "error_code" if code is None else ""
    if code is not None:
        try:
            record = _find_record(letter, code)
        except Problem as problem:
            error = _unknown_code_error(problem)
    if error:
        return page(
            request, "code", language, "form_sign", status=422, kind="sign", code=typed[:60],
            error=words(language)[error], **context,
        )  # fmt: skip
    withdrawal = codes.format_code("W", codes.code_from(wiring.world().entropy(codes.LENGTH)))
    return _show_form(request, letter, language, typed=typed, withdrawal=withdrawal, filled=Filled({}), record=record)


def _find_record(letter: FixedLetter, code: bytes) -> Record | None:
    """The roll's record of a code's holder, whether the code is used or not; None without a roll.

    Raises Problem for an unknown code, InvalidError if the box is not the code's.
    """
    if letter.manifest.eligibility.check != "roll":
        return None
    found = find_box(letter, token_hash(code, letter))
    if found.leaf is None or found.box is None:
        return None
    return roll.open_box(roll.place(code, letter.rid), base64url.decode(found.leaf, 32), found.box)


def _unknown_code_error(problem: Problem) -> str:
    """The message key for an unknown code. Raises ``problem`` again if it is another problem."""
    if problem.code != "code-unknown":
        raise problem
    return "error_code_unknown"


def _show_form(
    request: HttpRequest, letter: FixedLetter, language: str, *, typed: str, withdrawal: str, filled: Filled,
    record: Record | None,
) -> HttpResponse:  # fmt: skip
    said = words(language)
    groups = {group.id: group.name[language] for group in letter.manifest.groups}
    chosen = filled.typed.get("group")
    return page(
        request, "choose", language, "form_sign", status=422 if filled.errors else 200,
        code=typed[:60], withdrawal=withdrawal, typed=filled.typed, record=record,
        errors={name: said[word] for name, word in filled.errors.items()},
        ways=[{"as": way, "label": said[f"as_{way}"], "hint": said[f"as_{way}_hint"]} for way in name_styles(letter)],
        certified=groups.get(record.group) if record else None,
        groups=[{"id": id_, "name": name, "chosen": id_ == chosen} for id_, name in groups.items()],
        **letter_context(letter, language),
    )  # fmt: skip


def _finish(request: HttpRequest, letter: FixedLetter, language: str) -> HttpResponse:
    """Signs and shows the withdrawal code. Idempotent: the same form gets the same response again."""
    world = wiring.world()
    typed, spelt = request.POST.get("code", ""), request.POST["withdrawal"]
    code, withdrawal = read_code("S", typed), read_code("W", spelt)
    if withdrawal is None:
        return take_code(request, letter, language, typed)
    record, error = None, "" if code is not None else "error_code"
    if code is not None:
        try:
            record = _find_record(letter, code)
        except Problem as problem:
            error = _unknown_code_error(problem)
    filled = parse_choice(letter, request.POST.dict(), record)
    if error:
        filled.errors = {"code": error, **filled.errors}
    if code is None or filled.choice is None or filled.errors:
        return _show_form(request, letter, language, typed=typed, withdrawal=spelt, filled=filled, record=record)
    now, first = world.clock(), True
    try:
        actions.sign_for(letter=letter, code=code, withdrawal=withdrawal, choice=filled.choice, world=world, now=now)
    except (SequenceError, DuplicateError):
        # The same page was submitted before with other answers. The first submission counts; its code is shown again.
        first = False
    except Problem as problem:
        filled.errors = {"code": _unknown_code_error(problem)}
        return _show_form(request, letter, language, typed=typed, withdrawal=spelt, filled=filled, record=record)
    mailed = first and filled.address is not None and letter.manifest.eligibility.check == "mail"
    if mailed and filled.address is not None:
        queue_withdrawal(
            letter=letter, address=filled.address, code=codes.format_code("W", withdrawal), language=language,
            world=world, now=now,
        )  # fmt: skip
    answer = page(
        request, "signed", language, "form_signed", withdrawal=codes.format_code("W", withdrawal), mailed=mailed,
        first=first, key=signer_key(withdrawal, letter), beside=True, guard=find_script("undersigned.js"),
        site=f"{settings.SITE.scheme}://{settings.SITE.authority}",
        **letter_context(letter, language),
    )  # fmt: skip
    return shorten_cookie(request, answer)


def take_withdrawal(request: HttpRequest, letter: FixedLetter, language: str, typed: str, sure: bool) -> HttpResponse:
    """Asks for confirmation, then withdraws. A code that never signed gets its error in the first step."""
    context = letter_context(letter, language)
    said = words(language)
    code = read_code("W", typed)
    if code is None or not has_signed(letter, code):
        error = said["error_withdrawal" if code is None else "error_withdrawal_unknown"]
        return page(
            request, "code", language, "form_withdraw", status=422, kind="withdraw", code=typed[:60], error=error,
            **context,
        )  # fmt: skip
    if not sure:
        return page(request, "sure", language, "form_withdraw", code=codes.format_code("W", code), **context)
    actions.withdraw_for(letter=letter, withdrawal=code, now=wiring.world().clock())
    paragraphs = [said["withdrawn_text"], said["withdrawn_after"]]
    return shorten_cookie(request, page(request, "said", language, "form_withdrawn", paragraphs=paragraphs, **context))


def has_signed(letter: FixedLetter, withdrawal: bytes) -> bool:
    """Whether the key of a withdrawal code has signed, in the log or pending."""
    which = {"letter": letter.pk, "kind": "sign", "key": signer_key(withdrawal, letter)}
    return Entry.objects.filter(**which).exists() or Pending.objects.filter(**which).exists()


def shorten_cookie(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Lets the CSRF cookie expire after an hour, so that the browser keeps no longer trace of a visit.

    It is not deleted at once because a reload submits the form again with its token: without the cookie it would be
    refused, and the withdrawal code on the page would be lost (docs/adr/0032).
    """
    answer.set_cookie(
        settings.CSRF_COOKIE_NAME,
        request.COOKIES[settings.CSRF_COOKIE_NAME],
        max_age=_RELOADABLE,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return answer
