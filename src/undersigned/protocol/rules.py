"""Preconditions of each kind of log entry (protocol.md section 6), as pure functions over a few facts.

Each rule is written here once, and asked twice: by ``Standing``, which folds a whole log in memory, and by a server,
which reads the same facts from its database before it promises an entry a place. So both refuse the same entries, with
the same errors, in the same order. ``frontend/src/protocol/standing.ts`` is a second implementation on purpose: two
verifiers that share no code have to agree.

The facts come in as ``LetterFacts`` and ``KeyFacts``. "It has happened" is any true value: the index of the entry where
the caller knows it (never 0, where the manifest stands), ``True`` where not.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from . import findings
from .entries import Cut, Notice
from .errors import ClosedError, ConditionError, DuplicateError, KeyWithdrawnError, ObjectError, SequenceError
from .manifest import Manifest, parse_time


class LetterFacts(Protocol):
    """What the rules ask about a letter."""

    @property
    def manifest(self) -> Manifest:
        """The letter's manifest."""

    @property
    def approved(self) -> bool:
        """Whether every trustee has approved, so that signing is open."""

    @property
    def abandoned(self) -> int | None:
        """Whether the organiser has given the letter up."""

    @property
    def signed(self) -> int:
        """How many keys ever signed. Any larger number will do that is still below the size of the roll."""

    @property
    def noticed(self) -> int:
        """How many editions have been announced: they are numbered from 1."""

    @property
    def cuts(self) -> int:
        """How many editions have been cut: all that were announced, or all but the last."""


class KeyFacts(Protocol):
    """What the rules ask about a key that has signed."""

    @property
    def seq(self) -> int:
        """The number of its newest signature."""

    @property
    def object(self) -> str | None:
        """The hash of that signature's object."""

    @property
    def withdrawn(self) -> int | None:
        """Whether it has withdrawn."""

    @property
    def opened(self) -> int | None:
        """The edition whose cut covers it."""

    @property
    def struck(self) -> int | None:
        """Whether the organiser has struck its name."""


def check_approval(trustee: int, approvals: Container[int]) -> None:
    """Raises DuplicateError if ``trustee`` is among those who have approved."""
    if trustee in approvals:
        raise DuplicateError(findings.approved_twice())


def check_sign(letter: LetterFacts, known: KeyFacts | None, seq: int, object_hash: str, object_is_known: bool) -> None:
    """Raises unless a key may sign, for the first time or again.

    ``known``: the key, if it has signed before; ``object_is_known``: whether this object is in the log. The
    arguments are plain values, not an entry: a verifier asks this once for every line of a log (``Standing.sign``).
    """
    if letter.abandoned:
        raise ClosedError(findings.letter_abandoned())
    if not letter.approved:
        raise ClosedError(findings.not_approved())
    if known is None:
        if seq != 0:
            raise SequenceError(findings.first_seq())
        size = letter.manifest.eligibility.size
        if size is not None and letter.signed >= size:
            raise ConditionError(findings.too_many_signatures())
    else:
        # Withdrawal first: nothing that comes later may tell a withdrawn key anything else.
        if known.withdrawn:
            raise KeyWithdrawnError(findings.key_withdrawn())
        if known.object == object_hash and known.seq == seq:
            raise DuplicateError(findings.signed_twice())
        if seq != known.seq + 1:
            raise SequenceError(findings.next_seq(seq=known.seq + 1))
        # Last of these: a server has to look for it.
        if known.opened:
            raise ClosedError(findings.edit_after_cut())
    if object_is_known:
        raise ObjectError(findings.object_twice())


def check_withdraw(known: KeyFacts | None) -> None:
    """Raises unless a key may withdraw. Neither a cut nor abandonment, nor the organiser, can prevent a withdrawal."""
    if known is None:
        raise SequenceError(findings.never_signed())
    if known.withdrawn:
        raise DuplicateError(findings.withdrawn_twice())


def check_notice(letter: LetterFacts, edition: int) -> None:
    """Raises unless ``edition`` may be announced."""
    if letter.abandoned:
        raise ClosedError(findings.letter_abandoned())
    if letter.cuts < letter.noticed:
        raise DuplicateError(findings.notice_twice(edition=letter.noticed))
    if edition != letter.noticed + 1:
        raise SequenceError(findings.notice_order(edition=letter.noticed + 1))


def check_cut(letter: LetterFacts, edition: int) -> None:
    """Raises unless it is ``edition``'s turn to be cut. What remains: ``check_enough``, and ``check_times``."""
    if letter.abandoned:
        raise ClosedError(findings.letter_abandoned())
    if letter.noticed < edition:
        raise SequenceError(findings.notice_missing(edition=edition))
    if letter.cuts == letter.noticed or edition != letter.noticed:
        raise DuplicateError(findings.cut_twice(edition=edition))


def check_enough(count: int, manifest: Manifest) -> None:
    """Raises ConditionError unless ``count`` signatories are enough for a cut."""
    if count < manifest.release.signatures:
        raise ConditionError(findings.too_few_signatures(count=count, needed=manifest.release.signatures))


def check_strike(known: KeyFacts | None, edition: int) -> None:
    """Raises unless a key's name may be struck from ``edition``, whose cut has to cover it."""
    if known is None or known.opened != edition:
        raise SequenceError(findings.strike_outside(edition=edition))
    if known.struck:
        raise DuplicateError(findings.struck_twice())


def check_abandon(letter: LetterFacts) -> None:
    """Raises DuplicateError if the letter has been given up."""
    if letter.abandoned:
        raise DuplicateError(findings.abandoned_twice())


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
