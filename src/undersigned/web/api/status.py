"""Where a letter stands, in numbers, for its organiser. Never a name, and nothing that changes with one person: all of
it changes with a batch (docs/adr/0077)."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max

from undersigned.web import wiring
from undersigned.web.editions.open_set import open_set_keys, open_set_size
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.log.cosigned import newest, newest_cosigned, trustees_of
from undersigned.web.reader.state import Logged, State, find_state
from undersigned.web.records.models import Edition, Entry, Letter, Progress, Share
from undersigned.web.signing.due import count_due

_COUNTS: Final = """
SELECT
  (SELECT coalesce(max("index") + 1, 0) FROM log_entry WHERE letter_id = %(letter)s),
  (SELECT count(*) FROM log_entry WHERE letter_id = %(letter)s AND NOT (kind = 'sign' AND seq = 0)),
  (SELECT count(*) FROM log_entry WHERE letter_id = %(letter)s AND kind = 'withdraw')
"""
"""Places have no gaps, so what is not a first signature tells how many of those there are."""


def state_of(letter: Letter) -> dict[str, Any]:
    """The answer to GET status (docs/reference/http.md)."""
    # First: an entry that is on its way moves into the log between two looks. Then it is counted twice, never nowhere,
    # and whoever reads that nothing is pending finds all of it in the log's size.
    world = wiring.world()
    known = load_letter(letter, world.keys) if letter.letter is not None else None
    pending = count_due(letter.pk, known.manifest, world.clock()) if known is not None else 0
    size, signed, withdrawn = _counts(letter)
    acts = Entry.objects.filter(letter=letter, key="")
    approvals = acts.filter(kind="approval").order_by("seq").values_list("seq", flat=True)
    found = _found(letter, known, len(approvals), signed - withdrawn, world.clock()) if known is not None else None
    told = Progress.objects.filter(letter=letter).first()
    return {
        "state": _state(letter, known, len(approvals)),
        "stage": found.stage.value if found is not None else "draft",
        "letter": letter.letter,
        "size": size,
        "count": signed - withdrawn,
        "signed": signed,
        "withdrawn": withdrawn,
        "pending": pending,
        "codes": _codes(letter, known, told),
        "activated": told.activated if told is not None else 0,
        "approvals": list(approvals),
        "cosigned": _cosigned(letter, known),
        "editions": [_edition(edition, known) for edition in letter.editions.order_by("number")] if known else [],
    }


def _codes(letter: Letter, known: FixedLetter | None, told: Progress | None) -> int:
    """All that were handed in; where each is made for a mail, as many as were told of with the last batch."""
    if known is None or known.manifest.eligibility.check != "mail":
        return letter.codes.count()
    return told.codes if told is not None else 0


def _counts(letter: Letter) -> tuple[int, int, int]:
    """Size of the log, first signatures, withdrawals; as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"letter": letter.pk})
        size, others, withdrawn = map(int, cursor.fetchone())
    return size, size - others, withdrawn


def _state(letter: Letter, known: FixedLetter | None, approvals: int) -> str:
    if known is None:
        return "draft"
    if letter.abandoned:
        return "abandoned"
    # "open" once it is so in the log: clients look there too.
    return "open" if approvals == len(known.manifest.trustees) else "awaiting-trustees"


def _found(letter: Letter, known: FixedLetter, approvals: int, count: int, now: int) -> State:
    """The state that the letter's pages show, or will in a moment."""
    acts = Entry.objects.filter(letter=letter, key="")
    abandoned = acts.filter(kind="abandon").exists()
    number = acts.filter(kind="notice").aggregate(newest=Max("seq"))["newest"]
    rows = {row.number: row for row in letter.editions.defer("data", "counts")}
    logged = Logged(approvals, count, abandoned)
    if number is not None:
        logged = Logged(
            approvals, count, abandoned, number, rows[number].after, acts.filter(kind="cut", seq=number).exists()
        )
    given = Share.objects.filter(edition__letter=letter).values("edition__number")
    opened = {row["edition__number"]: row["n"] for row in given.annotate(n=Count("trustee", distinct=True))}
    published = {number for number, row in rows.items() if row.published is not None}
    names = set(letter.editions.filter(data__isnull=False).values_list("number", flat=True))
    return find_state(known.manifest, logged, now, opened, published, published - names)


def _cosigned(letter: Letter, known: FixedLetter | None) -> dict[str, Any]:
    found = None
    if known is not None:
        found = newest_cosigned(letter.pk, max(known.manifest.threshold, 1)) or newest(letter.pk)
    if found is None:
        return {"size": 0, "trustees": []}
    return {"size": found.size, "trustees": trustees_of(found)}


def _edition(edition: Edition, known: FixedLetter) -> dict[str, Any]:
    entries = Entry.objects.filter(letter=edition.letter, seq=edition.number, key="")
    indices = dict(entries.filter(kind__in=("notice", "cut")).values_list("kind", "index"))
    opened = Share.objects.filter(edition=edition).values("trustee").annotate(number=Count("key"))
    size = open_set_size(edition) if "cut" in indices else 0
    struck = Entry.objects.filter(letter=edition.letter, kind="strike").values_list("key", flat=True)
    by_key = Share.objects.filter(edition=edition).values("key").annotate(number=Count("trustee"))
    resolved = by_key.filter(number__gte=known.manifest.threshold).count() if known.manifest.sealed else size
    return {
        "number": edition.number,
        "notice": indices.get("notice"),
        "after": edition.after,
        "cut": indices.get("cut"),
        "open_set": size,
        "opened": {str(row["trustee"]): row["number"] for row in opened.order_by("trustee")},
        "resolved": resolved,
        "struck": len(open_set_keys(edition, struck)) if "cut" in indices else 0,
        "published": edition.published,
    }
