"""Action: the organiser reviews opened names before publication, a few at a time."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from undersigned.protocol.errors import ConditionError, SequenceError
from undersigned.web.audit.actions import record
from undersigned.web.editions import names
from undersigned.web.editions.open_set import find_cuts, open_set_keys
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Edition, Entry

PER_REQUEST: Final = 25
"""Names in one answer. No view shows all of them before publication: there is no list to copy by mistake."""


def review_names(*, letter: FixedLetter, number: int, first: int, by: str, now: int) -> dict[str, Any]:
    """Names ``first`` to ``first`` + 24 of an edition, by key, and the position of the next.

    Raises SequenceError before the cut, ConditionError until enough trustees have opened.
    """
    edition = Edition.objects.filter(letter=letter.pk, number=number).first()
    if edition is None or not find_cuts(letter.pk).filter(seq=number).exists():
        raise SequenceError(f"edition {number} has not been cut")
    left = Entry.objects.filter(letter=letter.pk, kind__in=("withdraw", "strike")).values_list("key", flat=True)
    keys = sorted(open_set_keys(edition) - set(left))
    if letter.manifest.sealed and not has_enough_trustees(edition, letter.manifest.threshold):
        raise ConditionError(f"fewer than {letter.manifest.threshold} trustees have opened this edition")
    page = keys[first : first + PER_REQUEST]
    verdicts = names.verdicts(letter, page)
    with transaction.atomic():
        record(by=by, now=now, verb="review", letter=letter.slug, detail=f"edition {number}, from {first}")
    rows = []
    for key in page:
        opened = verdicts.get(key)
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
    following = first + PER_REQUEST
    return {"names": rows, "next": following if following < len(keys) else None}


def has_enough_trustees(edition: Edition, threshold: int) -> bool:
    """Whether ``threshold`` trustees have submitted at least one share each."""
    return edition.shares.values("trustee").distinct().count() >= threshold
