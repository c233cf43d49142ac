"""Admission control for log entries: accepts or refuses each, and assigns it to the letter's open batch."""

from __future__ import annotations

from math import ceil
from typing import Any

from undersigned.protocol import rules
from undersigned.protocol.entries import Sign, Withdraw
from undersigned.protocol.manifest import format_time
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import halted
from undersigned.web.records.models import Batch
from undersigned.web.signing.candidate import Candidate, Taken
from undersigned.web.signing.facts import Facts
from undersigned.web.signing.organiser_entries import take_organiser_entry
from undersigned.web.signing.rows import Before, Row, insert_pending
from undersigned.web.times import moment

HOUR = 3600
SLACK = 60
"""Seconds that a receipt's promised time allows the clerk after the batch is due."""


class Admission:
    """Decides one letter's entries in order, within one transaction. ``before``: the earlier entries of their keys,
    read in this transaction."""

    def __init__(self, letter: FixedLetter, before: Before, now: int) -> None:
        self._letter, self._now = letter, now
        self._facts, self._halted, self._batch = Facts(letter, before), before.halted, before.batch
        self._promises: dict[int, str] = {}
        self._new: list[tuple[Any, ...]] = []

    def take(self, candidate: Candidate) -> Taken:
        """Accepts the entry; idempotent. Raises InvalidError if a rule forbids it, Problem if it is refused for now."""
        facts, entry = self._facts, candidate.entry
        same = next((row for row in facts.rows(candidate.key) if row.leaf == candidate.leaf), None)
        if same is not None:
            return Taken(new=False, by=self._promise(same.batch))
        known = facts.find_key(candidate.key)
        if self._halted and not (isinstance(entry, Withdraw) and known is not None):
            # The key may have signed in log entries that this database does not have.
            raise halted()
        match entry:
            case Sign():
                is_known = known is not None and known.has_object(entry.object)
                rules.check_sign(facts, known, entry.seq, entry.object, is_known)
            case Withdraw():
                rules.check_withdraw(known)
            case _:
                self.flush()
                take_organiser_entry(facts, entry, candidate.kind, now=self._now, batch=self._batch_number)
        return self._keep(candidate)

    def _keep(self, candidate: Candidate) -> Taken:
        batch = self._open_batch()
        ends_batch = not isinstance(candidate.entry, (Sign, Withdraw))
        if not batch.urgent and (ends_batch or isinstance(candidate.entry, Withdraw)):
            batch.urgent = True
            batch.save(update_fields=["urgent"])
        c = candidate
        self._new.append((c.leaf, self._letter.pk, batch.pk, c.kind, c.key, c.seq, c.object, c.data, c.body))
        self._facts.add(Row(c.key, c.kind, c.seq, c.leaf, batch.number, c.object))
        if ends_batch:
            self._close_batch()
        return Taken(new=True, by=batch.by)

    def _batch_number(self) -> int:
        return self._open_batch().number

    def _open_batch(self) -> Batch:
        if self._batch is None:
            numbers = Batch.objects.filter(letter=self._letter.pk).order_by("-number").values_list("number", flat=True)
            wait = self._letter.manifest.batch.wait if self._letter.manifest.sealed else 0
            self._batch = Batch.objects.create(
                letter_id=self._letter.pk,
                number=(numbers.first() or 0) + 1,
                due=until(self._now, wait),
                by=promise(self._now, wait),
            )
        return self._batch

    def _close_batch(self) -> None:
        self.flush()
        if self._batch is not None:
            self._batch.closed = True
            self._batch.save(update_fields=["closed"])
            self._batch = None

    def _promise(self, batch: int) -> str:
        if batch not in self._promises:
            self._promises[batch] = Batch.objects.values_list("by", flat=True).get(letter=self._letter.pk, number=batch)
        return self._promises[batch]

    def flush(self) -> None:
        """Inserts the entries accepted so far."""
        if self._new:
            # Sorted by leaf hash, so that rows inserted together do not reveal their order of arrival.
            insert_pending(sorted(self._new))
            self._new = []
            self._facts.stored()


def until(now: int, wait: int) -> int:
    """When a batch begun at ``now`` stops waiting for more entries, rounded down to an eighth of the wait."""
    grain = max(wait // 8, 1)
    return (now + wait) // grain * grain


def promise(now: int, wait: int) -> str:
    """The time promised by every receipt of a batch begun at ``now``, rounded up to the batch's wait (at most an hour).

    If entries wait less than a minute, a batch may be one person's and its row is never deleted: then to the full hour.
    """
    grain = min(wait, HOUR) if wait >= SLACK else HOUR
    return format_time(moment(ceil((now + wait + SLACK) / grain) * grain))
