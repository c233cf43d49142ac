"""Access control for Django's views: who may do what, each condition on its own line."""

from __future__ import annotations

import hmac

from django.http import HttpRequest

from undersigned.protocol import request as trustee_request
from undersigned.protocol.errors import ProtocolError
from undersigned.web import wiring
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.problems import KEPT_NOTHING, Problem
from undersigned.web.records.models import Letter


def check_organiser(request: HttpRequest) -> str:
    """Authenticates the organiser by bearer token; returns the name for the audit record. Raises Problem."""
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {wiring.world().keys.organiser_token()}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem(
            "not-authorized",
            f"This needs the organiser's token: keys/organiser-token in the data directory. {KEPT_NOTHING}",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return "organiser"


def check_trustee(request: HttpRequest, letter: FixedLetter, now: int) -> int:
    """Authenticates a trustee of the letter by a recent signature on the request; returns their number. Raises
    Problem."""
    header = request.headers.get("Authorization", "")
    try:
        return trustee_request.verify(header, letter.manifest, letter.id, request.get_full_path(), now)
    except ProtocolError as error:
        raise Problem(
            "not-authorized", f"This needs a trustee's signature: {error}.", headers={"WWW-Authenticate": "Undersigned"}
        ) from None


def access_letter(slug: str) -> FixedLetter:
    """A letter whose manifest is fixed. Raises Problem if there is none at this address."""
    row = Letter.objects.filter(slug=slug, letter__isnull=False).first()
    if row is None:
        raise no_letter()
    return load_letter(row, wiring.world().keys)


def access_draft(slug: str) -> Letter:
    """A letter that is still a draft. Raises Problem if there is none, or its manifest is fixed."""
    row = Letter.objects.filter(slug=slug).first()
    if row is None:
        raise no_letter()
    if row.letter is not None:
        raise Problem("letter-closed", "The manifest is fixed; a changed letter is a new letter. Nothing was changed.")
    return row


def access_any_letter(slug: str) -> Letter:
    """A letter in any state. Raises Problem if there is none."""
    row = Letter.objects.filter(slug=slug).first()
    if row is None:
        raise no_letter()
    return row


def no_letter() -> Problem:
    """The error for an address without a letter."""
    return Problem("letter-unknown", f"There is no letter at this address. {KEPT_NOTHING}")
