"""Reconciles a letter's served files with its log: editions, pages, bundle.

Every round compares what is served with what the log and the tables say, and rewrites what differs. Two rules hold
throughout: once a withdrawal has been processed, no served file and no table names that person; and no page links to a
file that is not there yet. The same code repairs the files after a crash.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction

from undersigned.protocol import edition as editions
from undersigned.protocol.standing import Standing
from undersigned.web.database.postgresql.begin import wait_for_durability
from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.editions.shares_received import SharesReceived
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.cosigned import newest, newest_cosigned, note_of, trustees_of
from undersigned.web.log.history import History
from undersigned.web.ports import Storage, World
from undersigned.web.publication import fingerprint, served_checkpoint
from undersigned.web.publication.bundler import Bundler, is_large, place_bundle, remove_bundle
from undersigned.web.publication.edition_files import EditionWriter, StaleEdition, find_stale, place_small, place_stale
from undersigned.web.publication.live_names import LiveNames
from undersigned.web.publication.reader_files import ReaderFiles, place_letter_pages
from undersigned.web.reader.letter import LetterView
from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.signing import signing_pages
from undersigned.web.reader.state import State, find_state, read_log_facts
from undersigned.web.records.models import Checkpoint, Document, Edition, Entry, Share, published_editions

logger = logging.getLogger(__name__)
MIN_INTERVAL = 2
"""Seconds between two bundles, unless a name has to be removed: a bundle holds the whole log."""
ENTRIES_PER_SECOND = 2000
"""The interval grows by a second for every so many entries: a large letter's bundle takes that much longer to write."""


class Reconciler:
    """Reconciles one letter's files, round after round.

    It remembers in memory what the files it wrote show, so that a round in which nothing has changed does next to
    nothing. After a restart it compares the files themselves.
    """

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._history = History(letter.pk)
        self._reader_files = ReaderFiles(letter, world)
        self._bundler = Bundler(letter, world)
        self._edition_writer = EditionWriter()
        self._shares = SharesReceived(letter)
        self._live_names = None if letter.manifest.sealed else LiveNames(letter, world)
        # What the files show that were written last. An edition's target may still be with the background job.
        self._edition_target: Any = None
        self._edition_state: Any = None
        self._page_state: Any = None
        self._signing_state: State | None = None
        self._bundle_state: Any = None
        self._bundle_time = 0
        self._shown_note = b""
        self._erased = -1

    def reconcile(self, standing: Standing) -> None:
        """Does everything that is due now. ``standing``: the fold over the whole log."""
        published = self._published_numbers()
        if standing.withdrawn != self._erased:
            erase_withdrawn(self._letter, standing)
            # True now: no table holds a share of a person who withdrew, or an edition that names them.
            self._erased = standing.withdrawn
        target = (standing.withdrawn, published)
        if target != self._edition_state:
            self._write_editions(standing, published, target)
            self._shown_note = b""
        if self._letter.manifest.sealed:
            self._show_checkpoint(target)
        served = self._find_served(published, all_served=target == self._edition_state)
        state = find_state(
            self._letter.manifest, read_log_facts(standing), self._world.clock(), *self._shares.facts(published, served)
        )
        page_state = (standing.size, served, self._edition_state, state)
        if self._live_names is not None:
            # Before the letter's page, which links to the list.
            self._live_names.update(standing, self._load_view(standing, served))
        if page_state != self._page_state:
            place_letter_pages(self._letter, self._load_view(standing, served), state, self._world)
            self._page_state = page_state
        if state != self._signing_state:
            place_signing_pages(self._letter, standing, state, self._world)
            self._signing_state = state
        self._update_bundle(standing, published)
        if self._reader_files.is_due(state):
            self._reader_files.update(self._load_view(standing, served), state)

    def _find_served(self, published: tuple[int, ...], *, all_served: bool) -> tuple[int, ...]:
        """The published editions whose files are in place: no page announces or links to an edition before it can be
        read. ``all_served``: the caller knows that all of them are."""
        if all_served:
            return published
        has, slug = self._world.storage.has, self._letter.slug
        return tuple(n for n in published if has(f"{slug}/editions/{n}/index.html"))

    def _write_editions(self, standing: Standing, published: tuple[int, ...], target: Any) -> None:
        if self._edition_writer.is_busy:
            if self._edition_writer.finish(target):
                self._edition_state = target
                return
            if self._edition_writer.is_busy:
                return
        with ExitStack() as lock:
            if not lock.enter_context(publishing_unless_busy()):
                # An edition is being published, which takes minutes for a large letter. The log does not wait for it:
                # the next rounds try again.
                return
            is_new = target != self._edition_target
            if is_new:
                # An edition is in the table as soon as its transaction commits; it is served once that is durable.
                wait_for_durability()
            stale = _find_stale(self._letter, standing, self._world) if is_large(standing.size) else []
            if is_new and published and (self._edition_target is not None or not all(one.is_safe for one in stale)):
                self._bundle_state = None
                if is_large(standing.size):
                    # The next bundle takes a while, and this one may name a person who has withdrawn.
                    remove_bundle(self._letter, self._world.storage)
            self._edition_target = target
            # True now: no served file of a large letter names a person who has withdrawn.
            if not is_large(standing.size):
                place_editions(self._letter, standing, self._world)
            elif not self._edition_writer.start(stale, target, lock):
                return
        self._edition_state = target

    def _show_checkpoint(self, target: Any) -> None:
        """Shows as of which checkpoint a sealed letter is to be read; ``bundler`` does it for a public letter."""
        if self._edition_target != target or self._bundle_note() == self._shown_note:
            # In the first case a served edition may still name a person who has withdrawn.
            return
        # While the edition writer runs it holds the lock for us, and has deleted what must not be served.
        with nullcontext(True) if self._edition_writer.is_busy else publishing_unless_busy() as is_free:
            if not is_free or self._published_numbers() != target[1]:
                return
            # Read again under the lock: a new edition needs the checkpoint that it was published with.
            note = self._bundle_note()
            if note:
                served_checkpoint.show(self._letter, note, self._world.storage)
            self._shown_note = note

    def _bundle_note(self) -> bytes:
        """The bundle's checkpoint with its cosignatures; empty if there is none."""
        checkpoint = bundle_checkpoint(self._letter)
        return b"" if checkpoint is None else note_of(checkpoint)

    def cancel(self) -> None:
        """Cancels the background jobs. The next round starts them again."""
        self._edition_writer.cancel()
        if self._bundler.is_busy:
            self._bundler.cancel()
            self._bundle_state = None

    def _load_view(self, standing: Standing, published: tuple[int, ...]) -> LetterView:
        view = load_view(self._letter, standing, self._world, published)
        return replace(view, batches=self._history.batches())

    def _update_bundle(self, standing: Standing, published: tuple[int, ...]) -> None:
        if self._bundler.poll(self._nameable(standing, published)):
            self._finish_bundle(standing)
        if self._bundler.is_busy:
            return
        checkpoint = bundle_checkpoint(self._letter)
        if checkpoint is None:
            return
        state = (checkpoint.size, trustees_of(checkpoint), self._edition_state)
        now = self._world.clock()
        interval = MIN_INTERVAL + checkpoint.size // ENTRIES_PER_SECOND
        # From 0: a clock that was set back must not stop the bundles.
        if self._bundle_state is not None and 0 <= now - self._bundle_time < interval:
            return
        if state == self._bundle_state and self._is_checkpoint_shown():
            return
        with publishing_unless_busy() as is_free:
            if not is_free:
                return
            # Read again under the lock: a new edition needs the checkpoint that it was published with.
            checkpoint = bundle_checkpoint(self._letter) or checkpoint
            if is_large(checkpoint.size):
                self._bundler.start(checkpoint, standing, self._nameable(standing, self._published_numbers()))
            else:
                place_bundle(self._letter, checkpoint, standing, self._world)
        self._bundle_state, self._bundle_time = state, now

    def _is_checkpoint_shown(self) -> bool:
        """Whether a public letter's records are served with their checkpoint: publishing an edition may hide it."""
        return self._letter.manifest.sealed or self._world.storage.has(served_checkpoint.path_of(self._letter))

    def _finish_bundle(self, standing: Standing) -> None:
        # An edition may have been published since the round began, so the target is read again under the lock.
        with publishing_unless_busy() as is_free:
            if is_free:
                # None unless the bundle is put in place: then the next round starts another.
                state, self._bundle_state = self._bundle_state, None
                if self._bundler.finish(self._nameable(standing, self._published_numbers())):
                    self._bundle_state = state

    def _published_numbers(self) -> tuple[int, ...]:
        return tuple(published_editions(self._letter.pk).values_list("number", flat=True))

    def _nameable(self, standing: Standing, published: tuple[int, ...]) -> Any:
        """What decides whom a bundle may name; before its first edition a sealed letter's names no one."""
        if self._letter.manifest.sealed:
            return (published, standing.withdrawn if published else None)
        # Changed signatures count too: the record that belongs to this checkpoint has been replaced.
        return (published, standing.withdrawn, len(standing.objects) - standing.signed)


def erase_withdrawn(letter: FixedLetter, standing: Standing) -> None:
    """Deletes what can name the people who withdrew: their shares, and the names of every edition that named them."""
    gone = [s.key for s in standing.signatories.values() if s.withdrawn is not None and s.opened is not None]
    with transaction.atomic():
        for part in (gone[i : i + 500] for i in range(0, len(gone), 500)):
            Share.objects.filter(edition__letter=letter.pk, key__in=part).delete()
        for row in Edition.objects.filter(letter=letter.pk, data__isnull=False).defer("data"):
            # Read from the counts: they are small, the names of a large edition are hundreds of megabytes.
            size = editions.parse_counts(bytes(row.counts or b"")).size
            if any(_has_withdrawn_since(standing, key, row.number, size) for key in gone):
                row.data = None
                row.save(update_fields=["data"])
                logger.info("an edition was reduced to its counts: a person it named has withdrawn")


def _has_withdrawn_since(standing: Standing, key: str, number: int, size: int) -> bool:
    """Whether edition ``number``, made of the first ``size`` entries, counted ``key``, which has withdrawn since."""
    signatory = standing.signatories[key]
    if signatory.opened is None or signatory.withdrawn is None:
        return False
    return signatory.opened <= number and signatory.withdrawn >= size


def place_editions(letter: FixedLetter, standing: Standing, world: World) -> None:
    """Writes the files and pages of every published edition and puts them in place, where they differ from now."""
    if is_large(standing.size):
        place_stale(_find_stale(letter, standing, world))
        return
    rows, view = _load_editions(letter, standing, world)
    for row in rows:
        place_small(letter, row, standing, view, world.storage)
        _delete_pdf(letter, row, world.storage)


def _find_stale(letter: FixedLetter, standing: Standing, world: World) -> list[StaleEdition]:
    """A large letter's editions that must be written again. Deletes files that name a person who has withdrawn."""
    rows, view = _load_editions(letter, standing, world)
    found = []
    for row in rows:
        stale = find_stale(letter, row, standing, view, world.storage)
        _delete_pdf(letter, row, world.storage)
        if stale is not None:
            found.append(stale)
    return found


def _load_editions(letter: FixedLetter, standing: Standing, world: World) -> tuple[list[Edition], LetterView]:
    rows = list(published_editions(letter.pk).defer("data"))
    return rows, load_view(letter, standing, world, tuple(row.number for row in rows))


def _delete_pdf(letter: FixedLetter, row: Edition, storage: Storage) -> None:
    """The readers' PDF names everyone, so it goes with the names; the pressroom makes no other."""
    if fingerprint.is_erased(row):
        storage.delete(f"{letter.slug}/press/{row.number}")


def load_view(letter: FixedLetter, standing: Standing, world: World, published: tuple[int, ...]) -> LetterView:
    """Loads what a letter's HTML pages are rendered from."""
    rows = Document.objects.filter(letter=letter.pk, path__startswith="text/")
    texts = {row.path.removeprefix("text/").removesuffix(".md"): bytes(row.data).decode("utf-8") for row in rows}
    origin = f"{world.scheme}://{letter.manifest.origin}"
    contact = settings.SITE.contact
    counts = _load_counts(letter, published)
    return LetterView(letter.letter, letter.slug, letter.manifest, texts, standing, counts, origin, contact=contact)


def _load_counts(letter: FixedLetter, published: tuple[int, ...]) -> dict[int, editions.EditionCounts]:
    rows = published_editions(letter.pk).filter(number__in=published).values_list("number", "counts")
    return {number: editions.parse_counts(bytes(counts or b"")) for number, counts in rows}


def place_signing_pages(letter: FixedLetter, standing: Standing, state: State, world: World) -> None:
    """Writes the pages for signing, withdrawing and checking a receipt. They show terms and state, but no count, so
    that they change rarely."""
    if not are_built():
        logger.warning("no letter can be signed in the browser: the scripts are not built in this copy")
        return
    view = load_view(letter, standing, world, ())
    for language in letter.manifest.languages:
        for name, page in signing_pages(view, state, language).items():
            path = f"{letter.slug}/{language}/{name}"
            # Runs at every start of the clerk, when mostly nothing has changed: a read is cheaper than a durable write.
            if world.storage.get(path) != page:
                world.storage.put(path, page)


def bundle_checkpoint(letter: FixedLetter) -> Checkpoint | None:
    """The checkpoint that a bundle is made of: the newest one that k trustees have cosigned. The newest of all if a
    signatory has withdrawn since, if none is cosigned, or if the letter has no trustees."""
    last = newest(letter.pk)
    if not letter.manifest.sealed or last is None:
        return last
    cosigned = newest_cosigned(letter.pk, letter.manifest.threshold)
    if cosigned is None:
        return last
    gone = Entry.objects.filter(letter=letter.pk, kind="withdraw", index__gte=cosigned.size)
    return last if published_editions(letter.pk).exists() and gone.exists() else cosigned
