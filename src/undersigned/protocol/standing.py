"""State machine over the log: who stands behind a letter (protocol.md section 6).

``Standing`` applies a log's entries one by one, in order, and raises where an entry is not allowed. Server, trustees
and verifiers run the same fold, so they agree on who is counted. It has no clock: what depends on time (grace,
``not_before``) is checked by those who have one.

The caller checks each entry by itself first (``entries.verify_entry``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import findings, rules
from .entries import Approval, Cut, Entry, Notice, Sign, Strike, Withdraw
from .errors import SequenceError
from .manifest import Manifest


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
    def noticed(self) -> int:
        """How many editions have been announced."""
        return len(self.editions)

    @property
    def cuts(self) -> int:
        """How many editions have been cut."""
        return sum(1 for edition in self.editions if edition.cut is not None)

    def check(self, entry: Entry) -> None:
        """Raises InvalidError if ``entry`` is not allowed at index ``size``; changes nothing."""
        match entry:
            case Approval():
                rules.check_approval(entry.trustee, self.approvals)
            case Sign():
                known = self.signatories.get(entry.key)
                rules.check_sign(self, known, entry.seq, entry.object, entry.object in self.objects)
            case Withdraw():
                rules.check_withdraw(self.signatories.get(entry.key))
            case Notice():
                rules.check_notice(self, entry.edition)
            case Cut():
                rules.check_cut(self, entry.edition)
                rules.check_enough(self.count, self.manifest)
            case Strike():
                rules.check_strike(self.signatories.get(entry.key), entry.edition)
            case _:  # Abandon
                rules.check_abandon(self)

    def apply(self, entry: Entry) -> None:
        """Appends ``entry`` at index ``size``. Raises as ``check``, and then nothing has changed."""
        self.check(entry)
        match entry:
            case Approval():
                self.approvals.add(entry.trustee)
            case Sign():
                self._apply_sign(self.signatories.get(entry.key), entry.key, entry.seq, entry.object)
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
        known = self.signatories.get(key)
        rules.check_sign(self, known, seq, object_hash, object_hash in self.objects)
        self._apply_sign(known, key, seq, object_hash)
        self.size += 1

    def _apply_sign(self, known: Signatory | None, key: str, seq: int, object_hash: str) -> None:
        if known is None:
            self.signatories[key] = Signatory(key, self.size, self.size, 0, object_hash)
        else:
            known.signed, known.seq, known.object = self.size, seq, object_hash
        self.objects.add(object_hash)

    def _apply_cut(self, entry: Cut) -> None:
        edition = self.editions[-1]
        edition.cut, edition.standing = self.size, self.count
        for signatory in self.signatories.values():
            if signatory.withdrawn is None and signatory.opened is None:
                signatory.opened = entry.edition
