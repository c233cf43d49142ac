"""Publishing an edition: all of it or nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from undersigned.protocol import base64url, canonical, edition, verify
from undersigned.protocol.errors import ConditionError, LogError, SequenceError
from undersigned.protocol.roll import parse_roll
from undersigned.protocol.standing import Standing
from undersigned.protocol.verdict import assemble_edition, expand_verdict
from undersigned.web.audit.actions import record
from undersigned.web.database.postgresql.begin import wait_for_all_before
from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.editions import names
from undersigned.web.editions.open_set import cuts
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.cosigned import newest, newest_cosigned, note_of
from undersigned.web.log.fold import fold
from undersigned.web.ports import World
from undersigned.web.problems import busy
from undersigned.web.publication import served_checkpoint
from undersigned.web.publication.bundle_files import assemble
from undersigned.web.publication.bundler import is_large, place_bundle, remove_bundle
from undersigned.web.publication.upkeep import bundle_checkpoint, place_editions
from undersigned.web.records.models import Checkpoint, Document, Edition, Entry, Letter, Pending

logger = logging.getLogger(__name__)
PATIENCE: Final = 5.0
"""Seconds to wait for the clerk, who is done in a moment. Nobody queues behind a publication: it may take minutes."""
CHANGES = ("withdraw", "strike")
"""Entries that change whom an edition may name."""


def publish(*, letter: FixedLetter, number: int, world: World, by: str, now: int) -> str:
    """Publishes edition ``number`` and returns its id; again: the same.

    Raises SequenceError before its cut, ConditionError until it may be published, Problem ``busy`` while another
    process publishes.
    """
    with publishing_unless_busy(PATIENCE) as free:
        if not free:
            raise busy("An edition is being published. Nothing was changed; try again later.")
        row = Edition.objects.filter(letter=letter.pk, number=number).defer("data").first()
        if row is None or not cuts(letter.pk).filter(seq=number).exists():
            raise SequenceError(f"edition {number} has not been cut")
        # Asked again, it answers from what was committed before: which must last, or nobody is told.
        wait_for_all_before()
        fresh = row.published is None
        checkpoint = _checkpoint(letter) if fresh else _newest_for_files(letter)
        standing = fold(letter, checkpoint.size)
        if fresh:
            _publish(letter, row, standing, checkpoint, world, by, now)
            # True now: the edition is published; whatever is missing of its files is put there now, or by the clerk.
        _place(letter, standing, checkpoint, world)
    row.refresh_from_db(fields=["published"])
    assert row.published is not None  # noqa: S101 - stored above
    return row.published


def _place(letter: FixedLetter, standing: Standing, checkpoint: Checkpoint, world: World) -> None:
    """Puts an edition's files and the bundle in place, as far as they can be made here; the clerk does the rest."""
    sealed = letter.manifest.sealed
    if sealed:
        # First: an edition is over entries that this checkpoint has, and the one that is shown may not have them.
        served_checkpoint.show(letter, note_of(checkpoint), world.storage)
    try:
        place_editions(letter, standing, world)
    except LogError:
        logger.info("somebody withdrew during a publication: the clerk puts its files in place")
        return
    if sealed:
        served_checkpoint.show(letter, note_of(checkpoint), world.storage)
    if is_large(checkpoint.size):
        # The one that is there knows nothing of this edition: the clerk makes the next.
        remove_bundle(letter, world.storage)
    elif sealed:
        place_bundle(letter, checkpoint, standing, world)
    # The records of a public letter change while this is done, and what is shown of them is of one moment: the clerk's
    # next round makes that bundle.


def _publish(
    letter: FixedLetter, row: Edition, standing: Standing, checkpoint: Checkpoint, world: World, by: str, now: int
) -> None:
    made = _build(letter, standing, row.number, checkpoint)
    _check_bundle(letter, row, made, standing, checkpoint, world)
    _store(letter, row.number, made, checkpoint.size, by, now)


def _newest_for_files(letter: FixedLetter) -> Checkpoint:
    checkpoint = bundle_checkpoint(letter)
    assert checkpoint is not None  # noqa: S101 - a published letter has one
    return checkpoint


def _checkpoint(letter: FixedLetter) -> Checkpoint:
    """The newest one enough trustees have cosigned, beyond every entry that changes whom the edition may name."""
    threshold = letter.manifest.threshold
    found = newest_cosigned(letter.pk, threshold) if letter.manifest.sealed else newest(letter.pk)
    last = Entry.objects.filter(letter=letter.pk, kind__in=(*CHANGES, "cut")).order_by("-index").first()
    if found is None or (last is not None and found.size <= last.index):
        raise ConditionError(
            f"{threshold} trustees have not yet cosigned a checkpoint beyond the last cut, strike and withdrawal"
        )
    _check_nothing_waits(letter)
    return found


def _check_nothing_waits(letter: FixedLetter) -> None:
    if Pending.objects.filter(letter=letter.pk, kind__in=CHANGES).exists():
        raise ConditionError("a withdrawal or strike is on its way into the log")


@dataclass(frozen=True, slots=True)
class _Made:
    """An edition's bytes, and the edition without its names: those of a million fill gigabytes."""

    data: bytes
    rest: edition.Edition

    @property
    def id(self) -> bytes:
        return edition.edition_id(self.data)


def _build(letter: FixedLetter, standing: Standing, number: int, checkpoint: Checkpoint) -> _Made:
    keys = [s.key for s in edition.covered(standing, number) if s.struck is None]
    told = names.told(letter, keys)
    open_ = [key for key in keys if key not in told or told[key].verdict == "unresolved"]
    if open_:
        raise ConditionError(f"{len(open_)} names have not been opened by {letter.manifest.threshold} trustees yet")
    root, leaves = base64url.decode(checkpoint.root, 32), _leaves(letter)
    made = assemble_edition(standing, letter.letter, number, root, told, leaves)
    if made is not None:
        return _Made(*made)
    # Somebody's name is not on the roll, or stands there for two.
    verdicts = {key: expand_verdict(row) for key, row in told.items()}
    whole = edition.build(standing, letter.letter, number, root, verdicts, leaves)
    return _Made(edition.encode(whole), whole)


def _leaves(letter: FixedLetter) -> frozenset[str] | None:
    document = Document.objects.filter(letter=letter.pk, path="roll.json").first()
    return frozenset(parse_roll(bytes(document.data)).leaves) if document is not None else None


def _check_bundle(
    letter: FixedLetter, row: Edition, made: _Made, standing: Standing, checkpoint: Checkpoint, world: World
) -> None:
    """Nothing is published that a stranger's verifier would not call valid."""
    draft = Edition(letter=row.letter, number=row.number, data=made.data)
    files = assemble(letter, checkpoint, standing, world.storage, draft)
    report = verify.verify_bundle(files, letter=letter.id)
    if report.outcome != "valid":
        step = next(step for step in report.steps if step.outcome != "valid")
        raise ConditionError(f"what would be published does not verify: {step.name}: {step.detail}")


def _store(letter: FixedLetter, number: int, made: _Made, size: int, by: str, now: int) -> None:
    with transaction.atomic():
        # Again, now that nobody can add anything: what came in while the edition was built may forbid it.
        _check_nothing_waits(letter)
        if Entry.objects.filter(letter=letter.pk, kind__in=CHANGES, index__gte=size).exists():
            raise ConditionError("somebody withdrew or was struck meanwhile; a newer checkpoint must be cosigned first")
        if Letter.objects.get(pk=letter.pk).abandoned:
            raise ConditionError("the letter has been abandoned: nothing is published any more")
        row = Edition.objects.filter(letter=letter.pk, number=number).defer("data").get()
        row.published = base64url.encode(made.id)
        row.data, row.counts = made.data, canonical.encode(edition.counts_of(made.rest, made.id))
        row.save(update_fields=["published", "data", "counts"])
        record(by=by, now=now, verb="publish", letter=letter.slug, detail=f"edition {row.number} {row.published}")
