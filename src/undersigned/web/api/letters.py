"""HTTP API for letters: the organiser creates a draft, fills it, fixes its manifest, and reads its status."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from undersigned.protocol import base64url
from undersigned.protocol.manifest import Manifest
from undersigned.web import access, wiring
from undersigned.web.api.http_helpers import allow_method, parse_body, respond_empty, respond_json
from undersigned.web.api.status import load_status
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


@allow_method("POST")
def create(request: HttpRequest) -> HttpResponse:
    """POST /api/letters: creates a draft."""
    by = access.check_organiser(request)
    asked = parse_body(request, _NewLetter)
    world = wiring.world()
    letter, is_new = actions.create_letter(slug=asked.slug, world=world, by=by, now=world.clock())
    answer = {"log": letter.log, "origin": letter.origin, "registrar": base64url.encode(bytes(letter.registrar))}
    return respond_json(answer, 201 if is_new else 200)


@allow_method("POST")
def codes(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/codes: adds access codes, as hashes."""
    by = access.check_organiser(request)
    asked = parse_body(request, _Codes)
    actions.add_codes(letter=access.access_draft(slug), rows=asked.codes, by=by, now=wiring.world().clock())
    return respond_empty()


@allow_method("POST")
def text(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/text: stores the text in one language."""
    by = access.check_organiser(request)
    asked = parse_body(request, _Text)
    draft = access.access_draft(slug)
    actions.set_text(letter=draft, language=asked.language, text=asked.text, by=by, now=wiring.world().clock())
    return respond_empty()


@allow_method("POST")
def manifest(request: HttpRequest, *, slug: str) -> HttpResponse:
    """POST draft/manifest: fixes the manifest."""
    by = access.check_organiser(request)
    asked = parse_body(request, _Manifest)
    world = wiring.world()
    draft = access.access_any_letter(slug)
    identifier, is_new = actions.fix_manifest(
        letter=draft, manifest=asked.manifest, world=world, by=by, now=world.clock()
    )
    return respond_json({"letter": identifier}, 201 if is_new else 200)


@allow_method("GET")
def status(request: HttpRequest, *, slug: str) -> HttpResponse:
    """GET status: the letter's progress in numbers."""
    access.check_organiser(request)
    answer: dict[str, Any] = load_status(access.access_any_letter(slug))
    return respond_json(answer)
