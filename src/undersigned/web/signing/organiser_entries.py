"""Acts of organiser and trustees that are log entries: their place, their conditions, and what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.protocol.entries import Abandon, Approval, Cut, Notice, Strike
from undersigned.protocol.errors import ClosedError, ConditionError, DuplicateError, SequenceError
from undersigned.protocol.standing import check_times
from undersigned.web.audit.actions import record
from undersigned.web.records.models import Edition, Entry, Letter, Pending
from undersigned.web.signing.candidate import Candidate

if TYPE_CHECKING:
    from undersigned.web.signing.admission import Admission


def take_act(admission: Admission, candidate: Candidate) -> None:
    """Checks an act's place and conditions, and notes what follows from it. Raises InvalidError."""
    entry = candidate.entry
    match entry:
        case Approval():
            _approve(admission, entry)
        case Notice():
            _notice(admission, entry)
        case Cut():
            _cut(admission, entry)
        case Strike():
            _strike(admission, entry)
        case Abandon():
            if admission.abandoned:
                raise DuplicateError("the letter has been abandoned already")
            admission.abandoned = True
            Letter.objects.filter(pk=admission.letter.pk).update(abandoned=True)
    by = f"trustee {entry.trustee}" if isinstance(entry, Approval) else "organiser"
    detail = f"edition {entry.edition}" if isinstance(entry, (Notice, Cut, Strike)) else ""
    if isinstance(entry, Strike):
        detail += f", {entry.reason}"
    record(by=by, now=admission.now, verb=candidate.kind, letter=admission.letter.slug, detail=detail)


def _approve(admission: Admission, entry: Approval) -> None:
    approvals = {row.seq for row in admission.rows("", "approval")}
    if entry.trustee in approvals:
        raise DuplicateError("this trustee has approved already")
    if len(approvals) + 1 == len(admission.letter.manifest.trustees):
        admission.open = True
        Letter.objects.filter(pk=admission.letter.pk).update(open=True)


def _notice(admission: Admission, entry: Notice) -> None:
    if admission.abandoned:
        raise ClosedError("the letter has been abandoned")
    editions = admission.editions
    if editions and editions[-1].cut_batch is None:
        raise DuplicateError(f"notice of edition {editions[-1].number} has been given already")
    if entry.edition != len(editions) + 1:
        raise SequenceError(f"the next notice is of edition {len(editions) + 1}")
    check_times(entry, admission.letter.manifest, admission.now, noticed=None, after=None)
    editions.append(
        Edition.objects.create(
            letter_id=admission.letter.pk, number=entry.edition, after=entry.after, noticed=admission.now
        )
    )


def _cut(admission: Admission, entry: Cut) -> None:
    if admission.abandoned:
        raise ClosedError("the letter has been abandoned")
    if not admission.editions or admission.editions[-1].number < entry.edition:
        raise SequenceError(f"edition {entry.edition} has no notice")
    edition = admission.editions[-1]
    if edition.cut_batch is not None or edition.number != entry.edition:
        raise DuplicateError(f"edition {entry.edition} has been cut already")
    check_times(entry, admission.letter.manifest, admission.now, noticed=edition.noticed, after=edition.after)
    count, needed = count_taken(admission.letter.pk), admission.letter.manifest.release.signatures
    if count < needed:
        raise ConditionError(f"{count} stand behind the letter, {needed} must")
    edition.cut_batch = admission.open_number()
    edition.save(update_fields=["cut_batch"])


def count_taken(letter: int) -> int:
    """How many stand behind a letter, counting what is not in the log yet. Reads every row: for rare acts only."""

    def number(**which: object) -> int:
        return sum(model.objects.filter(letter=letter, **which).count() for model in (Entry, Pending))

    return number(kind="sign", seq=0) - number(kind="withdraw")


def _strike(admission: Admission, entry: Strike) -> None:
    edition = admission.opened(entry.key)
    if edition is None or edition.number != entry.edition:
        raise SequenceError(f"this key is not among those edition {entry.edition} opens")
    if admission.rows(entry.key, "strike"):
        raise DuplicateError("this name has been struck already")
    if edition.published is not None:
        raise ClosedError(f"edition {entry.edition} is published; whoever is in it can still withdraw")
