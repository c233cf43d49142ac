"""Editions over HTTP: seals to trustees, shares from them, the organiser's review and publication."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import canonical
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.opening import parse_openings
from undersigned.web import access, wiring
from undersigned.web.api.requests import done, only, read, read_as, say
from undersigned.web.editions import actions
from undersigned.web.publication.publish import publish_edition
from undersigned.web.records.models import SealedObject

PAGE = 100
MAX_INDEX = 2**53


class _Publish(msgspec.Struct, forbid_unknown_fields=True):
    edition: int


def number_in(request: HttpRequest, name: str, default: str | None = None) -> int:
    """A query parameter that is a number. Raises MalformedError."""
    text = request.GET.get(name, default)
    if text is None or not text.isascii() or not text.isdigit() or int(text[:20]) > MAX_INDEX:
        raise MalformedError(f"the query needs {name}, a number")
    return int(text)


@only("GET")
def seals(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET seals, for trustees."""
    letter = access.access_letter(slug)
    access.check_trustee(request, letter, wiring.world().clock())
    first = number_in(request, "from", "0")
    rows = list(
        SealedObject.objects.filter(letter=letter.pk, index__gte=first)
        .order_by("index")
        .values_list("index", "body")[: PAGE + 1]
    )
    listed = [{"index": index, "object": canonical.decode(bytes(body))} for index, body in rows[:PAGE]]
    return say({"next": rows[PAGE][0] if len(rows) > PAGE else None, "seals": listed})


@only("POST")
def openings(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST openings, by trustees."""
    posted = parse_openings(read(request))
    actions.store_openings(letter=access.access_letter(slug), openings=posted, now=wiring.world().clock())
    return done()


@only("GET")
def review(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET review. It is audited, which is all it changes."""
    by = access.check_organiser(request)
    letter = access.access_letter(slug)
    number, first = number_in(request, "edition"), number_in(request, "from", "0")
    return say(actions.review_names(letter=letter, number=number, first=first, by=by, now=wiring.world().clock()))


@only("POST")
def publish(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST publish."""
    by = access.check_organiser(request)
    asked = read_as(request, _Publish)
    world = wiring.world()
    letter = access.access_letter(slug)
    made = publish_edition(letter=letter, number=asked.edition, world=world, by=by, now=world.clock())
    return say({"edition": made, "number": asked.edition}, 201)
