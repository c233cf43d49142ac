"""The organiser's one look at opened names, before they are published."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from undersigned.protocol.errors import ConditionError, SequenceError
from undersigned.web.audit.actions import record
from undersigned.web.editions import names
from undersigned.web.editions.open_set import cuts, open_set_keys
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Edition, Entry

PAGE: Final = 25
"""Names a look shows. No view shows all at once: there is no list to carry off by mistake."""


def review(*, letter: FixedLetter, number: int, first: int, by: str, now: int) -> dict[str, Any]:
    """Names ``first`` to ``first`` + 24 of an edition, by key, and where the next ones begin.

    Raises SequenceError before the cut, ConditionError until enough trustees have opened.
    """
    edition = Edition.objects.filter(letter=letter.pk, number=number).first()
    if edition is None or not cuts(letter.pk).filter(seq=number).exists():
        raise SequenceError(f"edition {number} has not been cut")
    left = Entry.objects.filter(letter=letter.pk, kind__in=("withdraw", "strike")).values_list("key", flat=True)
    keys = sorted(open_set_keys(edition) - set(left))
    if letter.manifest.sealed and not enough_shares(edition, letter.manifest.threshold):
        raise ConditionError(f"fewer than {letter.manifest.threshold} trustees have opened this edition")
    page = keys[first : first + PAGE]
    found = names.verdicts(letter, page)
    with transaction.atomic():
        record(by=by, now=now, verb="review", letter=letter.slug, detail=f"edition {number}, from {first}")
    rows = []
    for key in page:
        opened = found.get(key)
        payload = opened.payload if opened is not None else None
        rows.append(
            {
                "as": payload.as_ if payload else None,
                "group": payload.group if payload else None,
                "key": key,
                "name": payload.name if payload else None,
                "title": payload.title if payload else None,
                "verdict": opened.verdict if opened else "unresolved",
            }
        )
    following = first + PAGE
    return {"names": rows, "next": following if following < len(keys) else None}


def enough_shares(edition: Edition, threshold: int) -> bool:
    """Whether so many trustees have given any share at all."""
    return edition.shares.values("trustee").distinct().count() >= threshold
