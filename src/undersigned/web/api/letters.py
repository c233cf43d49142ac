"""What organisers ask of letters over HTTP: parse, call, answer."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import base64url
from undersigned.protocol.manifest import Manifest
from undersigned.web import access, wiring
from undersigned.web.api.requests import done, only, read_as, say
from undersigned.web.api.status import state_of
from undersigned.web.letters import actions


class _NewLetter(msgspec.Struct, forbid_unknown_fields=True):
    slug: str


class _Codes(msgspec.Struct, forbid_unknown_fields=True):
    codes: list[actions.CodeRow]


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    language: str
    text: str


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    manifest: Manifest


@only("POST")
def create(request: HttpRequest) -> HttpResponse:
    """POST /api/letters."""
    by = access.check_organiser(request)
    asked = read_as(request, _NewLetter)
    world = wiring.world()
    letter, new = actions.create_letter(slug=asked.slug, world=world, by=by, now=world.clock())
    answer = {"log": letter.log, "origin": letter.origin, "registrar": base64url.encode(bytes(letter.registrar))}
    return say(answer, 201 if new else 200)


@only("POST")
def codes(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/codes."""
    by = access.check_organiser(request)
    asked = read_as(request, _Codes)
    actions.add_codes(letter=access.access_draft(slug), rows=asked.codes, by=by, now=wiring.world().clock())
    return done()


@only("POST")
def text(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/text."""
    by = access.check_organiser(request)
    asked = read_as(request, _Text)
    draft = access.access_draft(slug)
    actions.set_text(letter=draft, language=asked.language, text=asked.text, by=by, now=wiring.world().clock())
    return done()


@only("POST")
def manifest(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/manifest."""
    by = access.check_organiser(request)
    asked = read_as(request, _Manifest)
    world = wiring.world()
    draft = access.access_any_letter(slug)
    identifier, new = actions.fix_manifest(letter=draft, manifest=asked.manifest, world=world, by=by, now=world.clock())
    return say({"letter": identifier}, 201 if new else 200)


@only("GET")
def status(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET status."""
    access.check_organiser(request)
    answer: dict[str, Any] = state_of(access.access_any_letter(slug))
    return say(answer)
