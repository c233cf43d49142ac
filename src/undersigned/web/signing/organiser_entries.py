"""Log entries of the organiser and the trustees: checks them, and updates the letter and its editions."""

from __future__ import annotations

from collections.abc import Callable

from undersigned.protocol import rules
from undersigned.protocol.entries import Abandon, Approval, Cut, Entry, Notice, Strike
from undersigned.protocol.errors import ClosedError
from undersigned.web.audit.actions import record
from undersigned.web.records.models import Edition, Letter
from undersigned.web.signing.facts import Facts

Number = Callable[[], int]
"""Returns the number of the open batch, which is created if there is none."""


def take_organiser_entry(facts: Facts, entry: Entry, kind: str, *, now: int, batch: Number) -> None:
    """Checks an entry of the organiser or a trustee, and stores its consequences. Call after ``Admission.flush``.

    ``now``: Unix seconds. Raises InvalidError; then nothing has changed.
    """
    match entry:
        case Approval():
            _approve(facts, entry)
        case Notice():
            _notice(facts, entry, now)
        case Cut():
            _cut(facts, entry, now, batch)
        case Strike():
            _strike(facts, entry)
        case Abandon():
            rules.check_abandon(facts)
            facts.abandoned = True
            Letter.objects.filter(pk=facts.letter.pk).update(abandoned=True)
    by = f"trustee {entry.trustee}" if isinstance(entry, Approval) else "organiser"
    detail = f"edition {entry.edition}" if isinstance(entry, (Notice, Cut, Strike)) else ""
    if isinstance(entry, Strike):
        detail += f", {entry.reason}"
    record(by=by, now=now, verb=kind, letter=facts.letter.slug, detail=detail)


def _approve(facts: Facts, entry: Approval) -> None:
    approvals = facts.approvals
    rules.check_approval(entry.trustee, approvals)
    if len(approvals) + 1 == len(facts.manifest.trustees):
        facts.approved = True
        Letter.objects.filter(pk=facts.letter.pk).update(open=True)


def _notice(facts: Facts, entry: Notice, now: int) -> None:
    rules.check_notice(facts, entry.edition)
    rules.check_times(entry, facts.manifest, now, noticed=None, after=None)
    facts.editions.append(
        Edition.objects.create(letter_id=facts.letter.pk, number=entry.edition, after=entry.after, noticed=now)
    )


def _cut(facts: Facts, entry: Cut, now: int, batch: Number) -> None:
    rules.check_cut(facts, entry.edition)
    edition = facts.editions[-1]
    rules.check_times(entry, facts.manifest, now, noticed=edition.noticed, after=edition.after)
    # Checked last, because counting reads every row.
    rules.check_enough(facts.count, facts.manifest)
    edition.cut_batch = batch()
    edition.save(update_fields=["cut_batch"])


def _strike(facts: Facts, entry: Strike) -> None:
    rules.check_strike(facts.find_key(entry.key), entry.edition)
    # A rule of the site, not of the log: once an edition is published, no name in it can be struck.
    if facts.editions[entry.edition - 1].published is not None:
        raise ClosedError(f"edition {entry.edition} is published; whoever is in it can still withdraw")
