"""HTTP API for editions: trustees fetch seals and submit shares; the organiser reviews names and publishes."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import canonical
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.opening import parse_openings
from undersigned.web import access, wiring
from undersigned.web.api.http_helpers import allow_method, parse_body, read_body, respond_empty, respond_json
from undersigned.web.editions import actions
from undersigned.web.publication.publish import publish_edition
from undersigned.web.records.models import SealedObject

PER_RESPONSE = 100
MAX_INDEX = 2**53


class _Publish(msgspec.Struct, forbid_unknown_fields=True):
    edition: int


def parse_number(request: HttpRequest, name: str, default: str | None = None) -> int:
    """A numeric query parameter. Raises MalformedError."""
    text = request.GET.get(name, default)
    if text is None or not text.isascii() or not text.isdigit() or int(text[:20]) > MAX_INDEX:
        raise MalformedError(f"the query parameter {name} must be a number")
    return int(text)


@allow_method("GET")
def seals(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET seals: the sealed names, for a trustee to open."""
    letter = access.access_letter(slug)
    access.check_trustee(request, letter, wiring.world().clock())
    first = parse_number(request, "from", "0")
    rows = list(
        SealedObject.objects.filter(letter=letter.pk, index__gte=first)
        .order_by("index")
        .values_list("index", "body")[: PER_RESPONSE + 1]
    )
    listed = [{"index": index, "object": canonical.decode(bytes(body))} for index, body in rows[:PER_RESPONSE]]
    return respond_json({"next": rows[PER_RESPONSE][0] if len(rows) > PER_RESPONSE else None, "seals": listed})


@allow_method("POST")
def openings(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST openings: a trustee submits shares."""
    posted = parse_openings(read_body(request))
    actions.store_openings(letter=access.access_letter(slug), openings=posted, now=wiring.world().clock())
    return respond_empty()


@allow_method("GET")
def review(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET review: a few opened names, for the organiser. Writes nothing but its audit record."""
    by = access.check_organiser(request)
    letter = access.access_letter(slug)
    number, first = parse_number(request, "edition"), parse_number(request, "from", "0")
    return respond_json(
        actions.review_names(letter=letter, number=number, first=first, by=by, now=wiring.world().clock())
    )


@allow_method("POST")
def publish(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST publish: publishes an edition."""
    by = access.check_organiser(request)
    asked = parse_body(request, _Publish)
    world = wiring.world()
    letter = access.access_letter(slug)
    identifier = publish_edition(letter=letter, number=asked.edition, world=world, by=by, now=world.clock())
    return respond_json({"edition": identifier, "number": asked.edition}, 201)
