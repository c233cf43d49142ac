"""HTTP API: an organiser's bookings of newspaper pages, and the pages' files."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import canonical
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import format_time, parse_time
from undersigned.web import access, wiring
from undersigned.web.api.http_helpers import allow_method, read_body, respond_json
from undersigned.web.bookings import actions
from undersigned.web.bookings.actions.change import no_booking, state_of
from undersigned.web.bookings.actions.handle import MAX_PROFILE
from undersigned.web.bookings.files import SERVED, PageFiles
from undersigned.web.bookings.terms import Terms
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import Problem
from undersigned.web.records.models import Booking, Edition
from undersigned.web.times import moment

VERBS: Final = ("sent", "revise", "printed", "cancel", "profile")
TERMS: Final = tuple(field.name for field in msgspec.structs.fields(Terms))


def bookings(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET bookings: lists them. POST bookings: adds one."""
    if request.method == "GET":
        return _list_bookings(request, slug)
    return _book(request, slug=slug)


def _list_bookings(request: HttpRequest, slug: str) -> HttpResponse:
    access.check_organiser(request)
    letter = access.access_letter(slug)
    newest = _newest(letter)
    rows = Booking.objects.filter(letter=letter.pk).order_by("number").defer("icc")
    return respond_json({"bookings": [_shown(letter, row, newest) for row in rows], "edition": newest or None})


@allow_method("POST")
def _book(request: HttpRequest, *, slug: str) -> HttpResponse:
    by = access.check_organiser(request)
    letter, now = access.access_letter(slug), wiring.world().clock()
    asked = _object(request)
    deadline = _deadline(asked.pop("deadline", None))
    if deadline is None:
        raise MalformedError("a booking names the paper's copy deadline")
    row, is_new = actions.book_page(letter=letter, terms=_convert(asked, Terms), deadline=deadline, by=by, now=now)
    return respond_json(_shown(letter, row, _newest(letter)), 201 if is_new else 200)


def booking(request: HttpRequest, *, slug: str, number: int, name: str) -> HttpResponse:
    """GET bookings/<number>/<file>. POST bookings/<number>/<verb>: sent, revise, printed, cancel, profile."""
    if name in VERBS:
        return _change_booking(request, slug=slug, number=number, verb=name)
    return _get_file(request, slug=slug, number=number, name=name)


@allow_method("POST")
def _change_booking(request: HttpRequest, *, slug: str, number: int, verb: str) -> HttpResponse:
    by = access.check_organiser(request)
    letter, now = access.access_letter(slug), wiring.world().clock()
    if verb == "profile":
        icc = read_body(request, "application/vnd.iccprofile", MAX_PROFILE)
        row = actions.set_profile(letter=letter, number=number, icc=icc, by=by, now=now)
        return respond_json(_shown(letter, row, _newest(letter)))
    asked = _object(request)
    if verb == "revise":
        deadline = _deadline(asked.pop("deadline", None))
        terms = _parse_changes(asked)
        row = actions.revise_page(
            letter=letter, number=number, terms=terms, deadline=deadline, files=_files(), by=by, now=now
        )
    elif verb == "sent":
        sha256 = asked.pop("sha256", None)
        if not isinstance(sha256, str):
            raise MalformedError("sha256 names the page that was sent, in hex")
        _check_empty(asked)
        row = actions.mark_sent(letter=letter, number=number, sha256=sha256, by=by, now=now)
    else:
        _check_empty(asked)
        row = _end_booking(letter, number, verb, by, now)
    return respond_json(_shown(letter, row, _newest(letter)))


def _end_booking(letter: FixedLetter, number: int, verb: str, by: str, now: int) -> Booking:
    if verb == "printed":
        return actions.confirm_printed(letter=letter, number=number, by=by, now=now)
    return actions.cancel_page(letter=letter, number=number, files=_files(), by=by, now=now)


@allow_method("GET")
def _get_file(request: HttpRequest, *, slug: str, number: int, name: str) -> HttpResponse:
    access.check_organiser(request)
    letter = access.access_letter(slug)
    row = Booking.objects.filter(letter=letter.pk, number=number).defer("icc").first()
    if row is None:
        raise no_booking()
    if name not in SERVED:
        raise Problem("not-found", f"A page has these files: {', '.join(SERVED)}.")
    data = _files().read(slug, number, name, row.sha256) if row.sha256 else None
    if data is None:
        raise Problem("not-found", "There is no such page: it is not made yet, or was deleted after a withdrawal.")
    return HttpResponse(data, content_type=SERVED[name], headers={"Cache-Control": "no-store"})


def _shown(letter: FixedLetter, row: Booking, newest: int) -> dict[str, Any]:
    state = state_of(row)
    found: dict[str, Any] = {name: getattr(row, name) for name in TERMS}
    return found | {
        "number": row.number,
        "deadline": format_time(moment(row.deadline)),
        "state": row.state,
        "edition": row.edition,
        "sha256": row.sha256,
        "sent_at": None if row.sent_at is None else format_time(moment(row.sent_at)),
        "frozen": state.frozen,
        "due": state.stale(newest) and row.refused != newest,
        "progress": _files().read_progress(letter.slug, row.number),
        "refusal": _files().refusal(letter.slug, row.number) if row.refused else None,
    }


def _newest(letter: FixedLetter) -> int:
    found = Edition.objects.filter(letter=letter.pk, data__isnull=False).order_by("-number").values_list("number")
    return int(found[0][0]) if found else 0


def _files() -> PageFiles:
    return PageFiles(settings.DATA.pages)


def _object(request: HttpRequest) -> dict[str, Any]:
    value = canonical.decode(read_body(request))
    if not isinstance(value, dict):
        raise MalformedError("the body must be a JSON object")
    return value


def _convert(value: dict[str, Any], shape: type[Terms]) -> Terms:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise MalformedError(f"these are not a page's terms: {error}") from None


def _parse_changes(asked: dict[str, Any]) -> dict[str, Any]:
    """The terms that a revision changes. Newspaper and language are fixed: for others, book another page."""
    for fixed in ("paper", "lang"):
        if fixed in asked:
            raise MalformedError(f"the {fixed} of a booking cannot be changed: cancel it and book another")
    whole = _convert({"paper": "-", "lang": "-", "imprint": "-"} | asked, Terms)
    return {name: getattr(whole, name) for name in asked}


def _check_empty(asked: dict[str, Any]) -> None:
    if asked:
        raise MalformedError(f"unknown fields: {', '.join(sorted(asked))}")


def _deadline(text: object) -> int | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise MalformedError("a deadline is a time such as 2026-12-01T15:00:00Z")
    return int(parse_time(text).timestamp())
