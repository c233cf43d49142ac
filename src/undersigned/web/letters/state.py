"""Where a letter stands, in numbers, for its organiser. Never a name."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from undersigned.web import wiring
from undersigned.web.editions.models import Edition, Share
from undersigned.web.editions.openset import open_set_keys
from undersigned.web.letters.known import KnownLetter, know
from undersigned.web.letters.models import Letter
from undersigned.web.log.cosigned import newest, newest_cosigned, trustees_of
from undersigned.web.log.models import Entry
from undersigned.web.signing.models import Pending


def state_of(letter: Letter) -> dict[str, Any]:
    """The answer to GET status (docs/reference/http.md)."""
    # First: an entry that is on its way moves into the log between two looks. Then it is counted twice, never nowhere,
    # and whoever reads that nothing is pending finds all of it in the log's size.
    pending = Pending.objects.filter(letter=letter).count()
    entries = Entry.objects.filter(letter=letter)
    signed = entries.filter(kind="sign", seq=0).count()
    withdrawn = entries.filter(kind="withdraw").count()
    approvals = entries.filter(kind="approval").order_by("seq").values_list("seq", flat=True)
    known = know(letter, wiring.world().keys) if letter.letter is not None else None
    return {
        "state": _state(letter, known, len(approvals)),
        "letter": letter.letter,
        "size": entries.count(),
        "count": signed - withdrawn,
        "signed": signed,
        "withdrawn": withdrawn,
        "pending": pending,
        "codes": letter.codes.count(),
        "activated": letter.codes.filter(used=True).count(),
        "approvals": list(approvals),
        "cosigned": _cosigned(letter, known),
        "editions": [_edition(edition, known) for edition in letter.editions.order_by("number")] if known else [],
    }


def _state(letter: Letter, known: KnownLetter | None, approvals: int) -> str:
    if known is None:
        return "draft"
    if letter.abandoned:
        return "abandoned"
    # "open" once it is so in the log: clients look there too.
    return "open" if approvals == len(known.manifest.trustees) else "awaiting-trustees"


def _cosigned(letter: Letter, known: KnownLetter | None) -> dict[str, Any]:
    found = None
    if known is not None:
        found = newest_cosigned(letter.pk, max(known.manifest.threshold, 1)) or newest(letter.pk)
    if found is None:
        return {"size": 0, "trustees": []}
    return {"size": found.size, "trustees": trustees_of(found)}


def _edition(edition: Edition, known: KnownLetter) -> dict[str, Any]:
    entries = Entry.objects.filter(letter=edition.letter, seq=edition.number, key="")
    indices = dict(entries.filter(kind__in=("notice", "cut")).values_list("kind", "index"))
    opened = Share.objects.filter(edition=edition).values("trustee").annotate(number=Count("key"))
    keys = open_set_keys(edition) if "cut" in indices else set()
    struck = set(Entry.objects.filter(letter=edition.letter, kind="strike").values_list("key", flat=True))
    by_key = Share.objects.filter(edition=edition).values("key").annotate(number=Count("trustee"))
    resolved = by_key.filter(number__gte=known.manifest.threshold).count() if known.manifest.sealed else len(keys)
    return {
        "number": edition.number,
        "notice": indices.get("notice"),
        "after": edition.after,
        "cut": indices.get("cut"),
        "open_set": len(keys),
        "opened": {str(row["trustee"]): row["number"] for row in opened.order_by("trustee")},
        "resolved": resolved,
        "struck": len(keys & struck),
        "published": edition.published,
    }
