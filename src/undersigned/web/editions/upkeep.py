"""What the clerk keeps true of editions and bundle: nothing of those who withdrew, and nothing half there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction

from undersigned.protocol import edition as editions
from undersigned.protocol.standing import Standing
from undersigned.web.editions import placed
from undersigned.web.editions.assemble import edition_files, opened_keys, openings_name
from undersigned.web.editions.bundler import Bundler, is_large, place_bundle, remove_bundle
from undersigned.web.editions.lock import publishing_unless_busy
from undersigned.web.editions.models import Edition, Share, published_editions
from undersigned.web.editions.readers import Extras, place_letter
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Document
from undersigned.web.log.cosigned import newest, newest_cosigned, trustees_of
from undersigned.web.log.history import History
from undersigned.web.log.models import Checkpoint, Entry
from undersigned.web.made import MadeFiles, Maker, given
from undersigned.web.pages.edition import edition_pages
from undersigned.web.pages.letter import Shown
from undersigned.web.pages.scripts import are_built
from undersigned.web.pages.signing import signing_pages
from undersigned.web.ports import Storage, World
from undersigned.web.postgresql.begin import wait_for_all_before

logger = logging.getLogger(__name__)
REST = 5
"""Seconds between two bundles, unless a name has to go: a bundle holds the whole log."""
REST_ENTRIES = 2000
"""One second more for so many entries: a large letter's bundle takes that much longer to make."""


class Upkeep:
    """One letter's editions and bundle, round after round."""

    def __init__(self, letter: KnownLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._history = History(letter.pk)
        self._extras = Extras(letter, world)
        self._bundler = Bundler(letter, world)
        self._withdrawn = -1
        self._placed: Any = None
        self._paged: Any = None
        self._termed: Any = None
        self._bundled: Any = None
        self._rested = 0

    def round(self, standing: Standing) -> None:
        """Everything there is to do now, given the fold over the whole log."""
        published = tuple(published_editions(self._letter.pk).values_list("number", flat=True))
        if standing.withdrawn != self._withdrawn:
            erase(self._letter, standing)
            # True now: no table holds a share of anybody who withdrew, nor an edition that names them.
            self._withdrawn = standing.withdrawn
        state = (standing.withdrawn, published)
        if state != self._placed:
            # An edition is in the table from the moment its publication is committed; it is served once that lasts.
            wait_for_all_before()
            self._place(standing, published, state)
        pages = (standing.size, state)
        if pages != self._paged:
            place_letter(self._letter, self._shown(standing, published), self._world)
            self._paged = pages
        terms = (standing.approved, standing.abandoned)
        if terms != self._termed:
            place_signing_pages(self._letter, standing, self._world)
            self._termed = terms
        self._refresh(standing)
        if self._extras.due():
            self._extras.round(self._shown(standing, published))

    def _place(self, standing: Standing, published: tuple[int, ...], state: Any) -> None:
        with publishing_unless_busy() as free:
            if not free:
                # A publication, which for a large letter takes minutes; the log goes on, and this is done after it.
                return
            place_editions(self._letter, standing, self._world)
            if published and self._placed is not None:
                self._bundled = None
                if is_large(standing.size):
                    # The next one takes a while; this one may hold a name.
                    remove_bundle(self._letter, self._world.storage)
        self._placed = state

    def _shown(self, standing: Standing, published: tuple[int, ...]) -> Shown:
        shown = shown_of(self._letter, standing, self._world, published)
        return replace(shown, batches=self._history.batches())

    def _refresh(self, standing: Standing) -> None:
        if self._bundler.done:
            self._settle(standing)
        if self._bundler.busy:
            return
        checkpoint = bundle_checkpoint(self._letter)
        if checkpoint is None:
            return
        state = (checkpoint.size, trustees_of(checkpoint), self._placed)
        now = self._world.clock()
        if state == self._bundled or (
            self._bundled is not None and 0 <= now - self._rested < REST + checkpoint.size // REST_ENTRIES
        ):
            return
        with publishing_unless_busy() as free:
            if not free:
                return
            # Asked again, now that nobody publishes: an edition needs the checkpoint it was published by.
            checkpoint = bundle_checkpoint(self._letter) or checkpoint
            if is_large(checkpoint.size):
                self._bundler.begin(checkpoint, standing, self._names(standing))
            else:
                place_bundle(self._letter, checkpoint, standing, self._world)
        self._bundled, self._rested = state, now

    def _settle(self, standing: Standing) -> None:
        # Somebody may have published since the round began, so what is shown now is asked under the lock.
        with publishing_unless_busy() as free:
            if free:
                # None, unless it is put in place: then another is begun.
                state, self._bundled = self._bundled, None
                if self._bundler.settle(self._names(standing)):
                    self._bundled = state

    def _names(self, standing: Standing) -> Any:
        """What decides which names a bundle may hold: a sealed letter's, none before its first edition."""
        published = tuple(published_editions(self._letter.pk).values_list("number", flat=True))
        return (published, standing.withdrawn if published or not self._letter.manifest.sealed else None)


def erase(letter: KnownLetter, standing: Standing) -> None:
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


def place_editions(letter: KnownLetter, standing: Standing, world: World) -> None:
    """Makes what is served of each published edition what it must be, pages included. Does nothing where it is."""
    rows = list(published_editions(letter.pk).defer("data"))
    shown = shown_of(letter, standing, world, tuple(row.number for row in rows))
    for row in rows:
        if is_large(standing.size):
            _place_large(letter, row, standing, shown, world.storage)
        else:
            _place(letter, row, standing, shown, world.storage)
        if placed.is_erased(row):
            # The PDF for readers names everybody: the pressroom made it, and makes no other of this edition.
            world.storage.delete(f"{letter.slug}/press/{row.number}")


def _place(letter: KnownLetter, row: Edition, standing: Standing, shown: Shown, storage: Storage) -> None:
    files = MadeFiles(_files_of(letter, row, standing, shown))
    place = f"{letter.slug}/editions/{row.number}"
    if _differs(storage, place, files) or storage.has(f"{place}/{placed.NAME}"):
        storage.put_tree(place, files)


def _place_large(letter: KnownLetter, row: Edition, standing: Standing, shown: Shown, storage: Storage) -> None:
    place, keys = f"{letter.slug}/editions/{row.number}", opened_keys(letter, row.number, standing)
    made, there = placed.made_of(letter, row, keys, standing, shown), placed.noted(storage, place)
    if there == made:
        return
    if there is not None and there.people != made.people:
        # To write it takes a while, and what is there names somebody who has to be gone.
        storage.delete(place)
    files = _files_of(letter, row, standing, shown)
    note = placed.note(made, files)
    if not _differs(storage, place, MadeFiles(files)):
        # Another release of this program, and it makes the same files.
        storage.put(f"{place}/{placed.NAME}", note)
        return
    if there is None:
        # Nobody knows whom it names.
        storage.delete(place)
    storage.put_tree(place, MadeFiles(files | {placed.NAME: given(note)}))


def _files_of(letter: KnownLetter, row: Edition, standing: Standing, shown: Shown) -> dict[str, Maker]:
    """Pages first: if anything differs, they do, and to look through the openings takes the longest."""
    return edition_pages(shown, _document(row)) | edition_files(letter, row, standing)


def _differs(storage: Storage, place: str, files: Mapping[str, bytes]) -> bool:
    beyond = openings_name(sum(name.startswith("openings") for name in files) + 1)
    strangers = {"edition.json", "counts.json", beyond} - files.keys()
    return any(storage.has(f"{place}/{name}") for name in strangers) or any(
        storage.get(f"{place}/{name}") != data for name, data in files.items()
    )


def _document(row: Edition) -> editions.Edition | editions.EditionCounts:
    if row.data is not None:
        return editions.parse(bytes(row.data))
    return editions.parse_counts(bytes(row.counts or b""))


def shown_of(letter: KnownLetter, standing: Standing, world: World, published: tuple[int, ...]) -> Shown:
    """What a letter's pages are made from."""
    rows = Document.objects.filter(letter=letter.pk, path__startswith="text/")
    texts = {row.path.removeprefix("text/").removesuffix(".md"): bytes(row.data).decode("utf-8") for row in rows}
    origin = f"{world.scheme}://{letter.manifest.origin}"
    contact = settings.SITE.contact
    return Shown(letter.letter, letter.slug, letter.manifest, texts, standing, published, origin, contact=contact)


def place_signing_pages(letter: KnownLetter, standing: Standing, world: World) -> None:
    """Puts the pages in place on which one signs, withdraws and checks. They show terms, and no count."""
    if not are_built():
        logger.warning("no letter can be signed in the browser: the scripts are not built in this copy")
        return
    shown = shown_of(letter, standing, world, ())
    for language in letter.manifest.languages:
        for name, page in signing_pages(shown, language).items():
            path = f"{letter.slug}/{language}/{name}"
            # At every start of the clerk this is asked again, and mostly nothing has changed.
            if world.storage.get(path) != page:
                world.storage.put(path, page)


def bundle_checkpoint(letter: KnownLetter) -> Checkpoint | None:
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
