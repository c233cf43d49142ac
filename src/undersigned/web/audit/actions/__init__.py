"""Writes audit records, inside the transaction of the action that is recorded."""

from __future__ import annotations

from undersigned.web.records.models import Act


def record(*, by: str, now: int, verb: str, letter: str, detail: str = "") -> None:
    """Adds an audit record. ``now``: Unix seconds."""
    Act.objects.create(at=now, by=by, verb=verb, letter=letter, detail=detail)
