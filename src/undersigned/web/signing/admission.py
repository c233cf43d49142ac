"""Whether an entry may be taken, given all that was taken before it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from math import ceil
from typing import Any

from undersigned.protocol.entries import Sign, Withdraw
from undersigned.protocol.errors import (
    ClosedError,
    DuplicateError,
    KeyWithdrawnError,
    SequenceError,
)
from undersigned.protocol.manifest import format_time
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import halted
from undersigned.web.records.models import Batch, Edition
from undersigned.web.signing.candidate import Candidate, Taken
from undersigned.web.signing.organiser_entries import take_act
from undersigned.web.signing.rows import Before, Row, insert_pending
from undersigned.web.times import moment

HOUR = 3600
SLACK = 60
"""Seconds a receipt's promise allows the clerk beyond the batch's own time."""


class Admission:
    """One letter's entries, within one transaction: decides one after the other. ``before``: read in it, of their
    keys."""

    def __init__(self, letter: FixedLetter, before: Before, now: int) -> None:
        self.letter, self.now = letter, now
        self.open, self.abandoned, self.halted, self._batch = before.open, before.abandoned, before.halted, before.batch
        self._known: defaultdict[str, list[Row]] = defaultdict(list)
        for row in before.rows:
            self._known[row.key].append(row)
        self._promises: dict[int, str] = {}
        self._new: list[tuple[Any, ...]] = []

    @cached_property
    def editions(self) -> list[Edition]:
        """The letter's editions so far; asked for by few entries."""
        return list(Edition.objects.filter(letter=self.letter.pk).order_by("number"))

    def rows(self, key: str, kind: str | None = None) -> list[Row]:
        """Earlier entries about ``key``, of one kind or of all, by ``seq``."""
        return sorted((r for r in self._known[key] if kind in (None, r.kind)), key=lambda r: r.seq)

    def take(self, candidate: Candidate) -> Taken:
        """Takes the entry, or finds that it was taken. Raises InvalidError if it may not stand, Problem if not now."""
        same = next((row for row in self._known[candidate.key] if row.leaf == candidate.leaf), None)
        if same is not None:
            return Taken(new=False, by=self._promise(same.batch))
        if self.halted and not (isinstance(candidate.entry, Withdraw) and self.rows(candidate.key, "sign")):
            # Whoever withdraws may have signed in what this database does not know.
            raise halted()
        match candidate.entry:
            case Sign():
                self._check_sign(candidate.entry)
            case Withdraw():
                self._check_withdraw(candidate.entry)
            case _:
                self.flush()
                take_act(self, candidate)
        return self._keep(candidate)

    def _check_sign(self, entry: Sign) -> None:
        if self.abandoned:
            raise ClosedError("the letter has been abandoned")
        if not self.open:
            raise ClosedError("not every trustee has approved the letter yet")
        signs = self.rows(entry.key, "sign")
        if not signs:
            if entry.seq != 0:
                raise SequenceError("the first signature of a key has seq 0")
            return
        if self.rows(entry.key, "withdraw"):
            raise KeyWithdrawnError("this key has withdrawn, and withdrawal is final")
        last = signs[-1]
        if (last.seq, last.object) == (entry.seq, entry.object):
            raise DuplicateError("this key has signed already")
        if entry.seq != last.seq + 1:
            raise SequenceError(f"the next signature of this key has seq {last.seq + 1}")
        if self.opened(entry.key) is not None:
            raise ClosedError("a cut has covered this key: its name can no longer be edited")

    def _check_withdraw(self, entry: Withdraw) -> None:
        # Always possible: neither a cut nor abandonment, nor the organiser, stands in the way of a withdrawal.
        if not self.rows(entry.key, "sign"):
            raise SequenceError("this key has not signed")
        if self.rows(entry.key, "withdraw"):
            raise DuplicateError("this key has withdrawn already")

    def opened(self, key: str) -> Edition | None:
        """The edition whose cut covers ``key``: the first one after it signed, unless it had withdrawn by then."""
        signs, withdrawals = self.rows(key, "sign"), self.rows(key, "withdraw")
        if not signs:
            return None
        for edition in self.editions:
            # A cut is the last of its batch: whatever came in that batch came before it.
            if edition.cut_batch is not None and edition.cut_batch >= signs[0].batch:
                gone = withdrawals and withdrawals[0].batch <= edition.cut_batch
                return None if gone else edition
        return None

    def _keep(self, candidate: Candidate) -> Taken:
        batch = self._open_batch()
        act = not isinstance(candidate.entry, (Sign, Withdraw))
        if not batch.urgent and (act or isinstance(candidate.entry, Withdraw)):
            batch.urgent = True
            batch.save(update_fields=["urgent"])
        c = candidate
        self._new.append((c.leaf, self.letter.pk, batch.pk, c.kind, c.key, c.seq, c.object, c.data, c.body))
        self._known[c.key].append(Row(c.key, c.kind, c.seq, c.leaf, batch.number, c.object))
        if act:
            self.close_batch()
        return Taken(new=True, by=batch.by)

    def open_number(self) -> int:
        """The number of the batch that the next entry goes into."""
        return self._open_batch().number

    def _open_batch(self) -> Batch:
        if self._batch is None:
            last = (
                Batch.objects.filter(letter=self.letter.pk).order_by("-number").values_list("number", flat=True).first()
            )
            wait = self.letter.manifest.batch.wait if self.letter.manifest.sealed else 0
            self._batch = Batch.objects.create(
                letter_id=self.letter.pk,
                number=(last or 0) + 1,
                due=until(self.now, wait),
                by=promise(self.now, wait),
            )
        return self._batch

    def close_batch(self) -> None:
        """Ends the open batch, if there is one."""
        self.flush()
        if self._batch is not None:
            self._batch.closed = True
            self._batch.save(update_fields=["closed"])
            self._batch = None

    def _promise(self, batch: int) -> str:
        if batch not in self._promises:
            self._promises[batch] = Batch.objects.values_list("by", flat=True).get(letter=self.letter.pk, number=batch)
        return self._promises[batch]

    def flush(self) -> None:
        """Stores what has been taken so far."""
        if self._new:
            # By leaf hash, so that rows written together do not stand in the order they came in.
            insert_pending(sorted(self._new))
            self._new = []


def until(now: int, wait: int) -> int:
    """When a batch begun at ``now`` waits for company no more: a time that says when, to an eighth of the wait."""
    grain = max(wait // 8, 1)
    return (now + wait) // grain * grain


def promise(now: int, wait: int) -> str:
    """What every receipt of a batch begun at ``now`` promises: no finer than the batch's own time (at most an hour).

    Where entries hardly wait a batch may be one person's, and its row stays: then it says the hour.
    """
    grain = min(wait, HOUR) if wait >= SLACK else HOUR
    return format_time(moment(ceil((now + wait + SLACK) / grain) * grain))
