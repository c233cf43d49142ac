"""State machine over the log: who stands behind a letter (protocol.md section 6).

``Standing`` applies a log's entries one by one, in order, and raises where an entry is not allowed. Server, trustees
and verifiers run the same fold, so they agree on who is counted. It has no clock: what depends on time (grace,
``not_before``) is checked by those who have one.

The caller checks each entry by itself first (``entries.verify_entry``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import findings
from .entries import Approval, Cut, Entry, Notice, Sign, Strike, Withdraw
from .errors import (
    ClosedError,
    ConditionError,
    DuplicateError,
    KeyWithdrawnError,
    ObjectError,
    SequenceError,
)
from .manifest import Manifest, parse_time


@dataclass(slots=True)
class Signatory:
    """One key that ever signed. Indices are of log entries; ``None``: has not happened."""

    key: str
    first: int
    signed: int
    seq: int
    object: str
    withdrawn: int | None = None
    opened: int | None = None
    """The edition whose cut covers the key."""
    struck: int | None = None
    reason: str | None = None


@dataclass(slots=True)
class EditionState:
    """What the log says of one edition: its notice, its cut."""

    number: int
    notice: int
    after: str
    cut: int | None = None
    standing: int | None = None
    """The count at the cut."""


@dataclass(slots=True)
class Standing:
    """The state of a letter after ``size`` entries, the manifest being the first."""

    manifest: Manifest
    size: int = 1
    approvals: set[int] = field(default_factory=set)
    signatories: dict[str, Signatory] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    editions: list[EditionState] = field(default_factory=list)
    withdrawn: int = 0
    abandoned: int | None = None

    @property
    def signed(self) -> int:
        """How many keys ever signed."""
        return len(self.signatories)

    @property
    def count(self) -> int:
        """How many stand behind the letter now: signed and not withdrawn."""
        return len(self.signatories) - self.withdrawn

    @property
    def approved(self) -> bool:
        """Whether every trustee has approved, so that signing is open."""
        return len(self.approvals) == len(self.manifest.trustees)

    @property
    def cuts(self) -> int:
        """How many editions have been cut."""
        return sum(1 for edition in self.editions if edition.cut is not None)

    def check(self, entry: Entry) -> None:
        """Raises InvalidError if ``entry`` is not allowed at index ``size``; changes nothing."""
        match entry:
            case Approval():
                if entry.trustee in self.approvals:
                    raise DuplicateError(findings.approved_twice())
            case Sign():
                self._check_sign(entry.key, entry.seq, entry.object)
            case Withdraw():
                self._check_withdraw(entry)
            case Notice():
                self._check_notice(entry)
            case Cut():
                self._check_cut(entry)
            case Strike():
                self._check_strike(entry)
            case _:  # Abandon
                if self.abandoned is not None:
                    raise DuplicateError(findings.abandoned_twice())

    def apply(self, entry: Entry) -> None:
        """Appends ``entry`` at index ``size``. Raises as ``check``, and then nothing has changed."""
        self.check(entry)
        match entry:
            case Approval():
                self.approvals.add(entry.trustee)
            case Sign():
                self._apply_sign(entry.key, entry.seq, entry.object)
            case Withdraw():
                self.signatories[entry.key].withdrawn = self.size
                self.withdrawn += 1
            case Notice():
                self.editions.append(EditionState(number=entry.edition, notice=self.size, after=entry.after))
            case Cut():
                self._apply_cut(entry)
            case Strike():
                struck = self.signatories[entry.key]
                struck.struck, struck.reason = self.size, entry.reason
            case _:  # Abandon
                self.abandoned = self.size
        self.size += 1

    def open_set(self, edition: int) -> list[Signatory]:
        """Those whom edition ``edition``'s cut opens: standing at the cut, less those opened earlier; by key.

        Includes those who withdrew after that cut. Raises SequenceError if there is no such cut.
        """
        if not 1 <= edition <= self.cuts:
            raise SequenceError(findings.edition_uncut(number=edition))
        return sorted((s for s in self.signatories.values() if s.opened == edition), key=lambda s: s.key)

    def sign(self, key: str, seq: int, object_hash: str) -> None:
        """Appends a signature's entry at index ``size``, given the fields that count.

        Raises as ``check``, and then nothing has changed.
        """
        self._check_sign(key, seq, object_hash)
        self._apply_sign(key, seq, object_hash)
        self.size += 1

    def _check_sign(self, key: str, seq: int, object_hash: str) -> None:
        if self.abandoned is not None:
            raise ClosedError(findings.letter_abandoned())
        if not self.approved:
            raise ClosedError(findings.not_approved())
        known = self.signatories.get(key)
        if known is None:
            if seq != 0:
                raise SequenceError(findings.first_seq())
            size = self.manifest.eligibility.size
            if size is not None and self.signed >= size:
                raise ConditionError(findings.too_many_signatures())
        else:
            if known.withdrawn is not None:
                raise KeyWithdrawnError(findings.key_withdrawn())
            if known.object == object_hash and known.seq == seq:
                raise DuplicateError(findings.signed_twice())
            if seq != known.seq + 1:
                raise SequenceError(findings.next_seq(seq=known.seq + 1))
            if known.opened is not None:
                raise ClosedError(findings.edit_after_cut())
        if object_hash in self.objects:
            raise ObjectError(findings.object_twice())

    def _apply_sign(self, key: str, seq: int, object_hash: str) -> None:
        known = self.signatories.get(key)
        if known is None:
            self.signatories[key] = Signatory(key, self.size, self.size, 0, object_hash)
        else:
            known.signed, known.seq, known.object = self.size, seq, object_hash
        self.objects.add(object_hash)

    def _check_withdraw(self, entry: Withdraw) -> None:
        known = self.signatories.get(entry.key)
        if known is None:
            raise SequenceError(findings.never_signed())
        if known.withdrawn is not None:
            raise DuplicateError(findings.withdrawn_twice())

    def _check_notice(self, entry: Notice) -> None:
        if self.abandoned is not None:
            raise ClosedError(findings.letter_abandoned())
        if self.editions and self.editions[-1].cut is None:
            raise DuplicateError(findings.notice_twice(edition=self.editions[-1].number))
        if entry.edition != len(self.editions) + 1:
            raise SequenceError(findings.notice_order(edition=len(self.editions) + 1))

    def _check_cut(self, entry: Cut) -> None:
        if self.abandoned is not None:
            raise ClosedError(findings.letter_abandoned())
        if not self.editions or self.editions[-1].number < entry.edition:
            raise SequenceError(findings.notice_missing(edition=entry.edition))
        edition = self.editions[-1]
        if edition.cut is not None or edition.number != entry.edition:
            raise DuplicateError(findings.cut_twice(edition=entry.edition))
        if self.count < self.manifest.release.signatures:
            raise ConditionError(findings.too_few_signatures(count=self.count, needed=self.manifest.release.signatures))

    def _apply_cut(self, entry: Cut) -> None:
        edition = self.editions[-1]
        edition.cut, edition.standing = self.size, self.count
        for signatory in self.signatories.values():
            if signatory.withdrawn is None and signatory.opened is None:
                signatory.opened = entry.edition

    def _check_strike(self, entry: Strike) -> None:
        known = self.signatories.get(entry.key)
        if not 1 <= entry.edition <= self.cuts or known is None or known.opened != entry.edition:
            raise SequenceError(findings.strike_outside(edition=entry.edition))
        if known.struck is not None:
            raise DuplicateError(findings.struck_twice())


def check_times(entry: Notice | Cut, manifest: Manifest, now: int, *, noticed: int | None, after: str | None) -> None:
    """Time rules of a notice or a cut, for those who have a clock: the log and each trustee.

    ``now``: Unix seconds; for a cut, ``noticed``: when this observer first saw the notice, ``after``: its time.
    Raises ConditionError if it comes too early.
    """
    if isinstance(entry, Notice):
        if parse_time(entry.after).timestamp() < now + manifest.release.grace:
            raise ConditionError(f"a notice gives at least {manifest.release.grace} seconds of grace")
        return
    if noticed is None or after is None or now < noticed + manifest.release.grace:
        raise ConditionError("the grace after the notice is not over")
    if now < parse_time(after).timestamp():
        raise ConditionError(f"the notice said not before {after}")
    if now < parse_time(manifest.release.not_before).timestamp():
        raise ConditionError(f"the letter is not released before {manifest.release.not_before}")
