"""The organiser's status of a letter, in numbers.

It holds no names, and no number that changes when a single person acts: all of them change with a batch
(docs/adr/0077).
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max

from undersigned.web import wiring
from undersigned.web.editions.open_set import open_set_keys, open_set_size
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.log.cosigned import newest, newest_cosigned, trustees_of
from undersigned.web.reader.state import LogFacts, State, find_state
from undersigned.web.records.models import Edition, Entry, Letter, Progress, Share
from undersigned.web.signing.due import count_due

_COUNTS: Final = """
SELECT
  (SELECT coalesce(max("index") + 1, 0) FROM log_entry WHERE letter_id = %(letter)s),
  (SELECT count(*) FROM log_entry WHERE letter_id = %(letter)s AND NOT (kind = 'sign' AND seq = 0)),
  (SELECT count(*) FROM log_entry WHERE letter_id = %(letter)s AND kind = 'withdraw')
"""
"""Counts the few entries that are no first signature and subtracts: indices have no gaps, so the size is known."""


def load_status(letter: Letter) -> dict[str, Any]:
    """The response to GET status (docs/reference/http.md)."""
    # Pending entries are counted before the log: an entry that moves between the two queries is counted twice, never
    # missed. A client that reads "pending": 0 can rely on the log's size.
    world = wiring.world()
    fixed = load_letter(letter, world.keys) if letter.letter is not None else None
    pending = count_due(letter.pk, fixed.manifest, world.clock()) if fixed is not None else 0
    size, signed, withdrawn = _count_entries(letter)
    acts = Entry.objects.filter(letter=letter, key="")
    approvals = acts.filter(kind="approval").order_by("seq").values_list("seq", flat=True)
    shown = None
    if fixed is not None:
        shown = _find_shown_state(letter, fixed, len(approvals), signed - withdrawn, world.clock())
    progress = Progress.objects.filter(letter=letter).first()
    return {
        "state": _name_state(letter, fixed, len(approvals)),
        "stage": shown.stage.value if shown is not None else "draft",
        "letter": letter.letter,
        "size": size,
        "count": signed - withdrawn,
        "signed": signed,
        "withdrawn": withdrawn,
        "pending": pending,
        "codes": _count_codes(letter, fixed, progress),
        "activated": progress.activated if progress is not None else 0,
        "approvals": list(approvals),
        "cosigned": _describe_cosigned(letter, fixed),
        "editions": [_describe_edition(row, fixed) for row in letter.editions.order_by("number")] if fixed else [],
    }


def _count_codes(letter: Letter, fixed: FixedLetter | None, progress: Progress | None) -> int:
    """How many access codes there are. With an email check each email creates one, so it is the stored count."""
    if fixed is None or fixed.manifest.eligibility.check != "mail":
        return letter.codes.count()
    return progress.codes if progress is not None else 0


def _count_entries(letter: Letter) -> tuple[int, int, int]:
    """Size of the log, first signatures, withdrawals, as of one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"letter": letter.pk})
        size, others, withdrawn = map(int, cursor.fetchone())
    return size, size - others, withdrawn


def _name_state(letter: Letter, fixed: FixedLetter | None, approvals: int) -> str:
    if fixed is None:
        return "draft"
    if letter.abandoned:
        return "abandoned"
    # "open" only once the log says so: clients check the log as well.
    return "open" if approvals == len(fixed.manifest.trustees) else "awaiting-trustees"


def _find_shown_state(letter: Letter, fixed: FixedLetter, approvals: int, count: int, now: int) -> State:
    """The state that the letter's pages show, or will show after the clerk's next round."""
    acts = Entry.objects.filter(letter=letter, key="")
    abandoned = acts.filter(kind="abandon").exists()
    number = acts.filter(kind="notice").aggregate(newest=Max("seq"))["newest"]
    rows = {row.number: row for row in letter.editions.defer("data", "counts")}
    logged = LogFacts(approvals, count, abandoned)
    if number is not None:
        logged = LogFacts(
            approvals, count, abandoned, number, rows[number].after, acts.filter(kind="cut", seq=number).exists()
        )
    given = Share.objects.filter(edition__letter=letter).values("edition__number")
    opened = {row["edition__number"]: row["n"] for row in given.annotate(n=Count("trustee", distinct=True))}
    published = {number for number, row in rows.items() if row.published is not None}
    names = set(letter.editions.filter(data__isnull=False).values_list("number", flat=True))
    return find_state(fixed.manifest, logged, now, opened, published, published - names)


def _describe_cosigned(letter: Letter, fixed: FixedLetter | None) -> dict[str, Any]:
    found = None
    if fixed is not None:
        found = newest_cosigned(letter.pk, max(fixed.manifest.threshold, 1)) or newest(letter.pk)
    if found is None:
        return {"size": 0, "trustees": []}
    return {"size": found.size, "trustees": trustees_of(found)}


def _describe_edition(edition: Edition, fixed: FixedLetter) -> dict[str, Any]:
    entries = Entry.objects.filter(letter=edition.letter, seq=edition.number, key="")
    indices = dict(entries.filter(kind__in=("notice", "cut")).values_list("kind", "index"))
    opened = Share.objects.filter(edition=edition).values("trustee").annotate(number=Count("key"))
    size = open_set_size(edition) if "cut" in indices else 0
    struck = Entry.objects.filter(letter=edition.letter, kind="strike").values_list("key", flat=True)
    by_key = Share.objects.filter(edition=edition).values("key").annotate(number=Count("trustee"))
    resolved = by_key.filter(number__gte=fixed.manifest.threshold).count() if fixed.manifest.sealed else size
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
