"""Publishes an edition atomically: builds it, verifies the bundle as a stranger would, stores it, writes its files."""

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
from undersigned.web.database.postgresql.begin import wait_for_durability
from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.editions import names
from undersigned.web.editions.open_set import find_cuts
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.cosigned import newest, newest_cosigned, note_of
from undersigned.web.log.fold import fold_log
from undersigned.web.ports import World
from undersigned.web.problems import busy
from undersigned.web.publication import served_checkpoint
from undersigned.web.publication.bundle_files import assemble_bundle
from undersigned.web.publication.bundler import is_large, place_bundle, remove_bundle
from undersigned.web.publication.reconciler import bundle_checkpoint, place_editions
from undersigned.web.records.models import Checkpoint, Document, Edition, Entry, Letter, Pending

logger = logging.getLogger(__name__)
LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for the publication lock. The clerk gives it back in a moment; another publication may hold it for
minutes, and then this request is refused rather than queued."""
CHANGES = ("withdraw", "strike")
"""Entries that change whom an edition may name."""


def publish_edition(*, letter: FixedLetter, number: int, world: World, by: str, now: int) -> str:
    """Publishes edition ``number`` and returns its id. Idempotent: a second call writes missing files and returns the
    same id.

    Raises SequenceError before its cut, ConditionError until it may be published, Problem ``busy`` while another
    process publishes.
    """
    with publishing_unless_busy(LOCK_TIMEOUT) as is_free:
        if not is_free:
            raise busy("An edition is being published. Nothing was changed; try again later.")
        row = Edition.objects.filter(letter=letter.pk, number=number).defer("data").first()
        if row is None or not find_cuts(letter.pk).filter(seq=number).exists():
            raise SequenceError(f"edition {number} has not been cut")
        # A repeated call answers from what an earlier one committed, which must be durable before it is announced.
        wait_for_durability()
        is_new = row.published is None
        checkpoint = _checkpoint_to_publish(letter) if is_new else _checkpoint_of_files(letter)
        standing = fold_log(letter, checkpoint.size)
        if is_new:
            _publish_row(letter, row, standing, checkpoint, world, by, now)
            # True now: the edition is published. Its files are written below, or by the clerk if that fails.
        _place_files(letter, standing, checkpoint, world)
    row.refresh_from_db(fields=["published"])
    assert row.published is not None  # noqa: S101 - stored above
    return row.published


def _place_files(letter: FixedLetter, standing: Standing, checkpoint: Checkpoint, world: World) -> None:
    """Writes the edition's files and the bundle as far as this process can; the clerk's next round does the rest."""
    is_sealed = letter.manifest.sealed
    if is_sealed:
        # First: the edition covers entries up to this checkpoint, and the one that is shown may be older.
        served_checkpoint.show(letter, note_of(checkpoint), world.storage)
    try:
        place_editions(letter, standing, world)
    except LogError:
        logger.info("a signatory withdrew during a publication: the clerk writes its files")
        return
    if is_sealed:
        served_checkpoint.show(letter, note_of(checkpoint), world.storage)
    if is_large(checkpoint.size):
        # The bundle that is served lacks this edition: the clerk makes the next one.
        remove_bundle(letter, world.storage)
    elif is_sealed:
        place_bundle(letter, checkpoint, standing, world)
    # A public letter's records change meanwhile, and a bundle must show one moment: the clerk's next round makes it.


def _publish_row(
    letter: FixedLetter, row: Edition, standing: Standing, checkpoint: Checkpoint, world: World, by: str, now: int
) -> None:
    built = _build_edition(letter, standing, row.number, checkpoint)
    _check_bundle(letter, row, built, standing, checkpoint, world)
    _store_edition(letter, row.number, built, checkpoint.size, by, now)


def _checkpoint_of_files(letter: FixedLetter) -> Checkpoint:
    checkpoint = bundle_checkpoint(letter)
    assert checkpoint is not None  # noqa: S101 - a published letter has one
    return checkpoint


def _checkpoint_to_publish(letter: FixedLetter) -> Checkpoint:
    """The newest checkpoint that k trustees have cosigned. It must cover every entry that changes whom the edition may
    name."""
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
        raise ConditionError("a withdrawal or strike is not in the log yet")


@dataclass(frozen=True, slots=True)
class _Built:
    """An edition's bytes, and the edition without its names: as objects, a million of them fill gigabytes."""

    data: bytes
    rest: edition.Edition

    @property
    def id(self) -> bytes:
        return edition.edition_id(self.data)


def _build_edition(letter: FixedLetter, standing: Standing, number: int, checkpoint: Checkpoint) -> _Built:
    keys = [s.key for s in edition.covered(standing, number) if s.struck is None]
    compact = names.compact_verdicts(letter, keys)
    unresolved = [key for key in keys if key not in compact or compact[key].verdict == "unresolved"]
    if unresolved:
        raise ConditionError(
            f"{len(unresolved)} names have not been opened by {letter.manifest.threshold} trustees yet"
        )
    root, leaves = base64url.decode(checkpoint.root, 32), _load_roll_leaves(letter)
    assembled = assemble_edition(standing, letter.letter, number, root, compact, leaves)
    if assembled is not None:
        return _Built(*assembled)
    # A name is not on the roll, or is on it twice: that needs the full verdicts.
    verdicts = {key: expand_verdict(row) for key, row in compact.items()}
    whole = edition.build(standing, letter.letter, number, root, verdicts, leaves)
    return _Built(edition.encode(whole), whole)


def _load_roll_leaves(letter: FixedLetter) -> frozenset[str] | None:
    document = Document.objects.filter(letter=letter.pk, path="roll.json").first()
    return frozenset(parse_roll(bytes(document.data)).leaves) if document is not None else None


def _check_bundle(
    letter: FixedLetter, row: Edition, built: _Built, standing: Standing, checkpoint: Checkpoint, world: World
) -> None:
    """Runs the public verifier on the bundle with this edition, and refuses to publish what it does not call valid."""
    draft = Edition(letter=row.letter, number=row.number, data=built.data)
    files = assemble_bundle(letter, checkpoint, standing, world.storage, draft)
    report = verify.verify_bundle(files, letter=letter.id)
    if report.outcome != "valid":
        step = next(step for step in report.steps if step.outcome != "valid")
        raise ConditionError(f"what would be published does not verify: {step.name}: {step.detail}")


def _store_edition(letter: FixedLetter, number: int, built: _Built, size: int, by: str, now: int) -> None:
    with transaction.atomic():
        # Checked again inside the transaction, when no other writer can add an entry: building took a while, and an
        # entry that came in meanwhile may forbid the edition.
        _check_nothing_waits(letter)
        if Entry.objects.filter(letter=letter.pk, kind__in=CHANGES, index__gte=size).exists():
            raise ConditionError(
                "a signatory withdrew or was struck meanwhile; the trustees must cosign a newer checkpoint first"
            )
        if Letter.objects.get(pk=letter.pk).abandoned:
            raise ConditionError("the letter has been abandoned: nothing more is published")
        row = Edition.objects.filter(letter=letter.pk, number=number).defer("data").get()
        row.published = base64url.encode(built.id)
        row.data, row.counts = built.data, canonical.encode(edition.counts_of(built.rest, built.id))
        row.save(update_fields=["published", "data", "counts"])
        record(by=by, now=now, verb="publish", letter=letter.slug, detail=f"edition {row.number} {row.published}")
