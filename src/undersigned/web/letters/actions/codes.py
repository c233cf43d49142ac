"""Action: adds access codes to a draft, as hashes."""

from __future__ import annotations

import msgspec
from django.db import transaction

from undersigned.protocol import base64url
from undersigned.protocol.errors import MalformedError
from undersigned.web.audit.actions import record
from undersigned.web.records.models import Code, Letter


class CodeRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code: the hash of its token, and with a roll its leaf and box; base64url."""

    box: str | None
    leaf: str | None
    token_hash: str


def add_codes(*, letter: Letter, rows: list[CodeRow], by: str, now: int) -> None:
    """Adds codes to a draft. Idempotent: rows that are already stored are skipped. Raises MalformedError."""
    for row in rows:
        base64url.decode(row.token_hash, 32)
        if (row.leaf is None) != (row.box is None):
            raise MalformedError("a code has a leaf and a box, or neither")
        if row.leaf is not None:
            base64url.decode(row.leaf, 32)
    with transaction.atomic():
        # Sorted by hash, so that the order of rows does not follow the order of the organiser's list of people.
        codes = [
            Code(
                letter=letter,
                token_hash=row.token_hash,
                leaf=row.leaf,
                box=None if row.box is None else base64url.decode(row.box),
            )
            for row in sorted(rows, key=lambda row: row.token_hash)
        ]
        Code.objects.bulk_create(codes, ignore_conflicts=True)
        record(by=by, now=now, verb="codes", letter=letter.slug, detail=f"{len(rows)} rows")
