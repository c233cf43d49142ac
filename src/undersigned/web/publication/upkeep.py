"""What the clerk keeps true of editions and bundle: nothing of those who withdrew, and nothing half there."""

from __future__ import annotations

import logging
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction

from undersigned.protocol import edition as editions
from undersigned.protocol.standing import Standing
from undersigned.web.database.postgresql.begin import wait_for_all_before
from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.editions.shares_received import Received
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.cosigned import newest, newest_cosigned, note_of, trustees_of
from undersigned.web.log.history import History
from undersigned.web.ports import Storage, World
from undersigned.web.publication import fingerprint, served_checkpoint
from undersigned.web.publication.bundler import Bundler, is_large, place_bundle, remove_bundle
from undersigned.web.publication.edition_files import Due, EditionWriter, due_of, place_small, put
from undersigned.web.publication.live_names import LiveNames
from undersigned.web.publication.reader_files import Extras, place_letter
from undersigned.web.reader.letter import Shown
from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.signing import signing_pages
from undersigned.web.reader.state import State, find_state, logged_in
from undersigned.web.records.models import Checkpoint, Document, Edition, Entry, Share, published_editions

logger = logging.getLogger(__name__)
REST = 2
"""Seconds between two bundles, unless a name has to go: a bundle holds the whole log."""
REST_ENTRIES = 2000
"""One second more for so many entries: a large letter's bundle takes that much longer to make."""


class Upkeep:
    """One letter's editions and bundle, round after round."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._history = History(letter.pk)
        self._extras = Extras(letter, world)
        self._bundler = Bundler(letter, world)
        self._placer = EditionWriter()
        self._withdrawn = -1
        self._begun: Any = None
        self._placed: Any = None
        self._paged: Any = None
        self._stated: State | None = None
        self._received = Received(letter)
        self._live = None if letter.manifest.sealed else LiveNames(letter, world)
        self._bundled: Any = None
        self._read_at = b""
        self._rested = 0

    def round(self, standing: Standing) -> None:
        """Everything there is to do now, given the fold over the whole log."""
        published = self._published()
        if standing.withdrawn != self._withdrawn:
            erase(self._letter, standing)
            # True now: no table holds a share of anybody who withdrew, nor an edition that names them.
            self._withdrawn = standing.withdrawn
        state = (standing.withdrawn, published)
        if state != self._placed:
            self._place(standing, published, state)
            self._read_at = b""
        if self._letter.manifest.sealed:
            self._show_checkpoint(state)
        served = self._served(published, whole=state == self._placed)
        said = find_state(
            self._letter.manifest, logged_in(standing), self._world.clock(), *self._received.facts(published, served)
        )
        pages = (standing.size, served, self._placed, said)
        if self._live is not None:
            # The list first: the letter's page leads to it.
            self._live.round(standing, self._shown(standing, served))
        if pages != self._paged:
            place_letter(self._letter, self._shown(standing, served), said, self._world)
            self._paged = pages
        if said != self._stated:
            place_signing_pages(self._letter, standing, said, self._world)
            self._stated = said
        self._refresh(standing, published)
        if self._extras.due(said):
            self._extras.round(self._shown(standing, served), said)

    def _served(self, published: tuple[int, ...], *, whole: bool) -> tuple[int, ...]:
        """Those of the published editions whose files are in place: no page says that an edition is published, or leads
        to it, before it can be read. ``whole``: all of them are known to be."""
        if not whole:
            has, slug = self._world.storage.has, self._letter.slug
            return tuple(n for n in published if has(f"{slug}/editions/{n}/index.html"))
        return published

    def _place(self, standing: Standing, published: tuple[int, ...], state: Any) -> None:
        if self._placer.busy:
            if self._placer.settle(state):
                self._placed = state
                return
            if self._placer.busy:
                return
        with ExitStack() as held:
            if not held.enter_context(publishing_unless_busy()):
                # A publication, which for a large letter takes minutes; the log goes on, and this is done after it.
                return
            fresh = state != self._begun
            if fresh:
                # An edition is in the table from the moment its publication is committed; it is served once that lasts.
                wait_for_all_before()
            due = _due(self._letter, standing, self._world) if is_large(standing.size) else []
            if fresh and published and (self._begun is not None or not all(one.stands for one in due)):
                self._bundled = None
                if is_large(standing.size):
                    # The next one takes a while; this one may hold a name.
                    remove_bundle(self._letter, self._world.storage)
            self._begun = state
            # True now: nothing that is served names anybody who has to be gone, of a large letter.
            if not is_large(standing.size):
                place_editions(self._letter, standing, self._world)
            elif not self._placer.place(due, state, held):
                return
        self._placed = state

    def _show_checkpoint(self, state: Any) -> None:
        """Shows at which checkpoint a sealed letter is read; a public letter's comes with its records (``bundler``)."""
        if self._begun != state or self._note() == self._read_at:
            # In the first case an edition that is served may still name somebody who has to be gone.
            return
        # Whoever writes editions beside the rounds holds the lock for us, and has taken away what has to be gone.
        with nullcontext(True) if self._placer.busy else publishing_unless_busy() as free:
            if not free or self._published() != state[1]:
                return
            # Asked again, now that nobody publishes: an edition needs the checkpoint it was published by.
            note = self._note()
            if note:
                served_checkpoint.show(self._letter, note, self._world.storage)
            self._read_at = note

    def _note(self) -> bytes:
        """The checkpoint that a bundle is made of, with its cosignatures; nothing if there is none."""
        checkpoint = bundle_checkpoint(self._letter)
        return b"" if checkpoint is None else note_of(checkpoint)

    def leave(self) -> None:
        """Throws away what is in the making. Whoever goes on begins it again."""
        self._placer.leave()
        if self._bundler.busy:
            self._bundler.leave()
            self._bundled = None

    def _shown(self, standing: Standing, published: tuple[int, ...]) -> Shown:
        shown = shown_of(self._letter, standing, self._world, published)
        return replace(shown, batches=self._history.batches())

    def _refresh(self, standing: Standing, published: tuple[int, ...]) -> None:
        if self._bundler.done(self._names(standing, published)):
            self._settle(standing)
        if self._bundler.busy:
            return
        checkpoint = bundle_checkpoint(self._letter)
        if checkpoint is None:
            return
        state = (checkpoint.size, trustees_of(checkpoint), self._placed)
        now = self._world.clock()
        if self._bundled is not None and 0 <= now - self._rested < REST + checkpoint.size // REST_ENTRIES:
            return
        if state == self._bundled and self._is_shown():
            return
        with publishing_unless_busy() as free:
            if not free:
                return
            # Asked again, now that nobody publishes: an edition needs the checkpoint it was published by.
            checkpoint = bundle_checkpoint(self._letter) or checkpoint
            if is_large(checkpoint.size):
                self._bundler.begin(checkpoint, standing, self._names(standing, self._published()))
            else:
                place_bundle(self._letter, checkpoint, standing, self._world)
        self._bundled, self._rested = state, now

    def _is_shown(self) -> bool:
        """Whether a public letter's records are shown with their checkpoint: whoever published may have hidden it."""
        return self._letter.manifest.sealed or self._world.storage.has(served_checkpoint.path_of(self._letter))

    def _settle(self, standing: Standing) -> None:
        # Somebody may have published since the round began, so what is shown now is asked under the lock.
        with publishing_unless_busy() as free:
            if free:
                # None, unless it is put in place: then another is begun.
                state, self._bundled = self._bundled, None
                if self._bundler.settle(self._names(standing, self._published())):
                    self._bundled = state

    def _published(self) -> tuple[int, ...]:
        return tuple(published_editions(self._letter.pk).values_list("number", flat=True))

    def _names(self, standing: Standing, published: tuple[int, ...]) -> Any:
        """What decides which names a bundle may hold: a sealed letter's, none before its first edition."""
        if self._letter.manifest.sealed:
            return (published, standing.withdrawn if published else None)
        # Also who changed their signature: the record that goes with this checkpoint is not there any more.
        return (published, standing.withdrawn, len(standing.objects) - standing.signed)


def erase(letter: FixedLetter, standing: Standing) -> None:
    """Deletes what can name those who withdrew: their shares, and every edition they were in becomes its counts."""
    gone = [s.key for s in standing.signatories.values() if s.withdrawn is not None and s.opened is not None]
    with transaction.atomic():
        for part in (gone[i : i + 500] for i in range(0, len(gone), 500)):
            Share.objects.filter(edition__letter=letter.pk, key__in=part).delete()
        for row in Edition.objects.filter(letter=letter.pk, data__isnull=False).defer("data"):
            # The counts say it as well, and are not of the size of the names.
            size = editions.parse_counts(bytes(row.counts or b"")).size
            if any(_left(standing, key, row.number, size) for key in gone):
                row.data = None
                row.save(update_fields=["data"])
                logger.info("an edition was reduced to its counts: somebody it named has withdrawn")


def _left(standing: Standing, key: str, number: int, size: int) -> bool:
    """Whether a key that edition ``number`` of the first ``size`` entries counted has withdrawn since."""
    known = standing.signatories[key]
    return (
        known.opened is not None and known.opened <= number and known.withdrawn is not None and known.withdrawn >= size
    )


def place_editions(letter: FixedLetter, standing: Standing, world: World) -> None:
    """Makes what is served of each published edition what it must be, pages included. Does nothing where it is."""
    if is_large(standing.size):
        put(_due(letter, standing, world))
        return
    rows, shown = _shown_editions(letter, standing, world)
    for row in rows:
        place_small(letter, row, standing, shown, world.storage)
        _erase_readers(letter, row, world.storage)


def _due(letter: FixedLetter, standing: Standing, world: World) -> list[Due]:
    """What is to be done of a large letter's editions. What names somebody who has to be gone is gone then."""
    rows, shown = _shown_editions(letter, standing, world)
    found = []
    for row in rows:
        due = due_of(letter, row, standing, shown, world.storage)
        _erase_readers(letter, row, world.storage)
        if due is not None:
            found.append(due)
    return found


def _shown_editions(letter: FixedLetter, standing: Standing, world: World) -> tuple[list[Edition], Shown]:
    rows = list(published_editions(letter.pk).defer("data"))
    return rows, shown_of(letter, standing, world, tuple(row.number for row in rows))


def _erase_readers(letter: FixedLetter, row: Edition, storage: Storage) -> None:
    """The PDF for readers names everybody: it goes with the names, and the pressroom makes no other."""
    if fingerprint.is_erased(row):
        storage.delete(f"{letter.slug}/press/{row.number}")


def shown_of(letter: FixedLetter, standing: Standing, world: World, published: tuple[int, ...]) -> Shown:
    """What a letter's pages are made from."""
    rows = Document.objects.filter(letter=letter.pk, path__startswith="text/")
    texts = {row.path.removeprefix("text/").removesuffix(".md"): bytes(row.data).decode("utf-8") for row in rows}
    origin = f"{world.scheme}://{letter.manifest.origin}"
    contact = settings.SITE.contact
    counts = _counts(letter, published)
    return Shown(letter.letter, letter.slug, letter.manifest, texts, standing, counts, origin, contact=contact)


def _counts(letter: FixedLetter, published: tuple[int, ...]) -> dict[int, editions.EditionCounts]:
    rows = published_editions(letter.pk).filter(number__in=published).values_list("number", "counts")
    return {number: editions.parse_counts(bytes(counts or b"")) for number, counts in rows}


def place_signing_pages(letter: FixedLetter, standing: Standing, state: State, world: World) -> None:
    """Puts the pages in place on which one signs, withdraws and checks. They show terms and state, and no count."""
    if not are_built():
        logger.warning("no letter can be signed in the browser: the scripts are not built in this copy")
        return
    shown = shown_of(letter, standing, world, ())
    for language in letter.manifest.languages:
        for name, page in signing_pages(shown, state, language).items():
            path = f"{letter.slug}/{language}/{name}"
            # At every start of the clerk this is asked again, and mostly nothing has changed.
            if world.storage.get(path) != page:
                world.storage.put(path, page)


def bundle_checkpoint(letter: FixedLetter) -> Checkpoint | None:
    """The checkpoint a bundle is made of: the newest the threshold has cosigned; the newest of all if a name had to go
    since, if none is cosigned, or if the letter has no trustees."""
    last = newest(letter.pk)
    if not letter.manifest.sealed or last is None:
        return last
    cosigned = newest_cosigned(letter.pk, letter.manifest.threshold)
    if cosigned is None:
        return last
    gone = Entry.objects.filter(letter=letter.pk, kind="withdraw", index__gte=cosigned.size)
    return last if published_editions(letter.pk).exists() and gone.exists() else cosigned
