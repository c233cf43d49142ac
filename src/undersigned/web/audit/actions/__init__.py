"""Writing the record: called inside the transaction of the act it records."""

from __future__ import annotations

from undersigned.web.records.models import Act


def record(*, by: str, now: int, verb: str, letter: str, detail: str = "") -> None:
    """Notes an act. ``now``: Unix seconds."""
    Act.objects.create(at=now, by=by, verb=verb, letter=letter, detail=detail)
