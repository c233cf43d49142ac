"""Actions: creates a draft letter with its keys, and stores its text in each language."""

from __future__ import annotations

import re
from typing import Final

from django.db import transaction

from undersigned.protocol import base64url, keys
from undersigned.protocol.bundle import text_path
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import LANGUAGE_TAG, SLUG
from undersigned.web.audit.actions import record
from undersigned.web.ports import World
from undersigned.web.problems import Problem
from undersigned.web.records.models import Document, Letter

_SLUG: Final = re.compile(SLUG)
_RESERVED: Final = frozenset(
    {"api", "static", "healthz", "desk", "robots", "code", "stop", "verify", "integrity", "outbox"}
)
"""First path segments that the site itself uses."""
_LANGUAGE: Final = re.compile(LANGUAGE_TAG)


def create_letter(*, slug: str, world: World, by: str, now: int) -> tuple[Letter, bool]:
    """Creates a draft at ``<authority>/<slug>`` with its keys; returns it, and whether it is new. Idempotent while it
    is a draft. Raises MalformedError, Problem."""
    if not _SLUG.fullmatch(slug) or slug in _RESERVED:
        raise MalformedError(
            "a letter's address is one word of lower-case letters, digits and hyphens, and not a word the site uses"
        )
    # Keys first: a letter without its keys cannot be repaired, keys without a letter do no harm.
    world.keys.make(slug)
    log = base64url.encode(keys.public_key(world.keys.log_seed(slug)))
    with transaction.atomic():
        existing = Letter.objects.filter(slug=slug).first()
        if existing is not None:
            if existing.letter is not None:
                raise Problem(
                    "letter-closed", "There is a letter at this address whose manifest is fixed. Choose another word."
                )
            return existing, False
        origin = f"{world.authority}/{slug}"
        letter = Letter.objects.create(slug=slug, origin=origin, log=log, registrar=world.keys.registrar_public(slug))
        record(by=by, now=now, verb="create", letter=slug)
    return letter, True


def set_text(*, letter: Letter, language: str, text: str, by: str, now: int) -> None:
    """Stores or replaces the Markdown of a draft in one language. Raises MalformedError."""
    if not _LANGUAGE.fullmatch(language) or len(language) > 35:
        raise MalformedError("a language is a tag such as en or pt-BR")
    if not text.strip():
        raise MalformedError("the text is empty")
    with transaction.atomic():
        path = text_path(language)
        Document.objects.update_or_create(letter=letter, path=path, defaults={"data": text.encode("utf-8")})
        record(by=by, now=now, verb="text", letter=letter.slug, detail=language)
