"""Whether an entry may be taken, given all that was taken before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from django.db.models import F

from undersigned.protocol.entries import Sign, Withdraw
from undersigned.protocol.errors import (
    ClosedError,
    DuplicateError,
    KeyWithdrawnError,
    SequenceError,
)
from undersigned.protocol.manifest import format_time
from undersigned.web.editions.models import Edition
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Letter
from undersigned.web.log.models import Entry
from undersigned.web.signing.acts import take_act
from undersigned.web.signing.candidate import Candidate, Taken
from undersigned.web.signing.models import Batch, Pending
from undersigned.web.times import moment

SLACK = 60
"""Seconds a receipt's promise allows the clerk beyond the batch's own time."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of an earlier entry."""

    kind: str
    seq: int
    leaf: str
    batch: int
    object: str | None


class Admission:
    """One letter's entries, within one transaction: reads what concerns them once, then decides one after the other."""

    def __init__(self, letter: KnownLetter, candidates: Sequence[Candidate], now: int) -> None:
        self.letter, self.now = letter, now
        self.row = Letter.objects.get(pk=letter.pk)
        self.editions = list(Edition.objects.filter(letter=letter.pk).order_by("number"))
        self._known = self._read({c.key for c in candidates})
        self._promises: dict[int, str] = {}
        self._new: list[Pending] = []
        self._batch: Batch | None = Batch.objects.filter(letter=letter.pk, closed=False).first()

    def _read(self, keys: set[str]) -> defaultdict[str, list[Row]]:
        known: defaultdict[str, list[Row]] = defaultdict(list)
        fields = ("key", "kind", "seq", "leaf", "batch", "object")
        where = {"letter": self.letter.pk, "key__in": keys}
        logged = Entry.objects.filter(**where).exclude(kind="manifest").values_list(*fields)
        waiting = Pending.objects.filter(**where).values_list(
            "key", "kind", "seq", "leaf", F("batch__number"), "object"
        )
        for key, *rest in (*logged, *waiting):
            known[key].append(Row(*rest))
        return known

    def rows(self, key: str, kind: str | None = None) -> list[Row]:
        """Earlier entries about ``key``, of one kind or of all, by ``seq``."""
        return sorted((r for r in self._known[key] if kind in (None, r.kind)), key=lambda r: r.seq)

    def take(self, candidate: Candidate) -> Taken:
        """Takes the entry, or finds that it was taken. Raises InvalidError if it may not stand."""
        same = next((row for row in self._known[candidate.key] if row.leaf == candidate.leaf), None)
        if same is not None:
            return Taken(new=False, by=self._promise(same.batch))
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
        if self.row.abandoned:
            raise ClosedError("the letter has been abandoned")
        if not self.row.open:
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
        self._new.append(
            Pending(
                leaf=candidate.leaf,
                letter_id=self.letter.pk,
                batch=batch,
                kind=candidate.kind,
                key=candidate.key,
                seq=candidate.seq,
                object=candidate.object,
                data=candidate.data,
                body=candidate.body,
            )
        )
        self._known[candidate.key].append(
            Row(candidate.kind, candidate.seq, candidate.leaf, batch.number, candidate.object)
        )
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
                due=self.now + wait,
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
            Pending.objects.bulk_create(sorted(self._new, key=lambda row: row.leaf))
            self._new = []


def promise(now: int, wait: int) -> str:
    """What every receipt of a batch begun at ``now`` promises: no finer than the batch's own time (at most an hour)."""
    grain = min(max(wait, 1), 3600)
    return format_time(moment(ceil((now + wait + SLACK) / grain) * grain))
