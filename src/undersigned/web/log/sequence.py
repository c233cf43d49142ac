"""Sequences batches into the log: the order of durable effects, and recovery from a crash at any point.

    1  entries have their indices              one transaction: pending rows become entries
    2  tiles are durable                       files
    3  the checkpoint is signed and durable    one row
    4  the checkpoint is served                one file; count.json after it

Each line is true before the next begins. An interrupted step is found by comparing: entries beyond the newest
checkpoint may lack tiles, and writing a tile again is idempotent; a checkpoint that is not served is served now. So
recovery is the ordinary round (``Log.run_round``), and there is no other code for it.

A log that the database has rolled back is never signed again (``guard``): this is checked when a log is opened, and
whenever the served checkpoint is not the one that this process served.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction

from undersigned.protocol import base64url, canonical, checkpoint, entries, merkle, tiles
from undersigned.protocol.errors import InvalidError, LogError, MalformedError
from undersigned.protocol.standing import Standing
from undersigned.web.database.postgresql.begin import beginning_with
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log import guard
from undersigned.web.log.cosigned import newest, note_of
from undersigned.web.log.rows import (
    IndexedEntry,
    PendingEntry,
    delete_pending,
    insert_entries,
    read_pending,
    store_objects,
)
from undersigned.web.log.shuffle import shuffle_batch
from undersigned.web.ports import World
from undersigned.web.records.models import Batch, Checkpoint, Entry, Letter, Refused
from undersigned.web.signing.due import is_due

logger = logging.getLogger(__name__)
ENTRIES_IN_MEMORY = 65536
"""Entries that are loaded at once to write tiles: full tiles of two levels."""
PER_TRANSACTION = 256
"""Entries of a batch that get their indices in one transaction: signatures wait while it runs."""
MIN_PAUSE = 0.03
"""Least time between two such transactions, in seconds: signatures that wait for the database try again within it."""
KEPT_CHECKPOINTS = 64
"""How many of the newest checkpoints without a cosignature are kept."""


def pause(took: float) -> None:
    """Lets signatures in that have waited ``took`` seconds for the write lock: they get as much time again."""
    time.sleep(max(MIN_PAUSE, took))


class Log:
    """One letter's log, as the clerk writes it. ``standing`` is the fold over all entries, kept between rounds.

    The constructor raises BehindError if the database is behind what has been signed. ``run_round`` raises MovedError
    if the database has changed under it: then the log must be opened again.
    """

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self.letter, self._world = letter, world
        self.standing = Standing(letter.manifest)
        self._frontier = merkle.Frontier()
        self._frontier.append(merkle.leaf_hash(letter.source))
        self._served = b""
        row = Letter.objects.get(pk=letter.pk)
        known = guard.known_checkpoints(row, world)
        guard.check_size(row, known)
        guard.check_roots(row, known, self.catch_up({point.size for point in known}))
        # True now: every checkpoint that is known to have been signed is a prefix of what will be signed.

    def catch_up(self, wanted: Collection[int] = ()) -> dict[int, bytes]:
        """Folds the entries that the database has and the fold has not; returns the roots at the sizes ``wanted``."""
        roots = {self.standing.size: self._frontier.root()} if self.standing.size in wanted else {}
        rows = Entry.objects.filter(letter=self.letter.pk, index__gte=self.standing.size).order_by("index")
        for data in rows.values_list("data", flat=True).iterator():
            self.standing.apply(entries.parse(bytes(data)))
            self._frontier.append(merkle.leaf_hash(bytes(data)))
            if self.standing.size in wanted:
                roots[self.standing.size] = self._frontier.root()
        return roots

    def run_round(self) -> bool:
        """Sequences the batches that are due and publishes the log; returns whether it grew."""
        before = self.standing.size
        while self._sequence_batch():
            pass
        self.publish()
        return self.standing.size > before

    def _sequence_batch(self) -> bool:
        """Effect 1 for the oldest batch, if it is due. Returns whether there may be another."""
        batch = Batch.objects.filter(letter=self.letter.pk, due__gt=0).order_by("number").first()
        if batch is None or not is_due(batch, self.letter.manifest, self._world.clock()):
            return False
        if not batch.closed:
            # A transaction even for one statement: its lock waits for requests that are adding entries (docs/adr/0055).
            with transaction.atomic():
                batch.closed = True
                batch.save(update_fields=["closed"])
        # True now: no entry is added to the batch any more, so it can be folded outside the write lock.
        pending = shuffle_batch(read_pending(batch.pk), self._world.entropy)
        took = 0.0
        for first in range(0, max(1, len(pending)), PER_TRANSACTION):
            if first:
                pause(took)
            began = time.monotonic()
            part = pending[first : first + PER_TRANSACTION]
            self._store_entries(batch, part, last=first + PER_TRANSACTION >= len(pending))
            took = time.monotonic() - began
            # True now: these are entries with indices and no longer pending. After a crash here the rest is shuffled
            # again and follows.
        # True now: no pending row of the batch is left.
        return True

    def _store_entries(self, batch: Batch, pending: list[PendingEntry], *, last: bool) -> None:
        """One transaction: part of a batch, in the order given, becomes entries. ``last``: it is the last part."""
        size = self.standing.size
        try:
            indexed, refused = self._fold_entries(pending)
            with self._transaction_at(size):
                Refused.objects.bulk_create(refused)
                insert_entries(self.letter.pk, batch.number, indexed)
                store_objects(self.letter.pk, indexed)
                delete_pending(batch.pk, [row.leaf for row in pending], last=last)
                if last:
                    batch.due = 0
                    batch.save(update_fields=["due"])
        except BaseException:
            # The fold in memory is ahead of what is durable: rebuild it from the table.
            if self.standing.size != size:
                self.__init__(self.letter, self._world)  # type: ignore[misc]
            raise

    def _fold_entries(self, rows: list[PendingEntry]) -> tuple[list[IndexedEntry], list[Refused]]:
        """Applies entries to the fold: the valid ones with their indices, and the invalid ones (there should be none,
        because admission applies the same rules)."""
        indexed: list[IndexedEntry] = []
        refused: list[Refused] = []
        for row in rows:
            index = self.standing.size
            try:
                self.standing.apply(entries.parse(row.data))
            except InvalidError as error:
                logger.error("an entry that has a receipt is invalid: %s", error)  # noqa: TRY400
                reason = str(error)[:200]
                refused.append(Refused(leaf=row.leaf, letter_id=self.letter.pk, kind=row.kind, reason=reason))
                continue
            self._frontier.append(merkle.leaf_hash(row.data))
            indexed.append(IndexedEntry(index, row))
        return indexed, refused

    def publish(self) -> None:
        """Effects 2 to 4, as far as they are missing. Idempotent."""
        size = self.standing.size
        last = newest(self.letter.pk)
        done = last.size if last else 0
        if last is not None and (size > done or not self._served) and not self._has_tiles(last):
            # The served files were lost, with their disk or bucket. The entries hold everything that was in them.
            logger.warning("the tiles of a log are missing from the served files; they are written again")
            self._write_tiles(0, done)
        if size > done:
            self._write_tiles(done, size)
            # True now: every tile of the log of ``size`` is durable. No checkpoint refers to the new ones yet.
            new = checkpoint.Checkpoint(self.letter.manifest.origin, size, self._frontier.root())
            self._check_tiles(new)
            signed = checkpoint.sign(new, self.letter.seed)
            self._check_served()
            with self._transaction_at(size):
                last = Checkpoint.objects.create(
                    letter_id=self.letter.pk, size=size, root=base64url.encode(new.root), note=signed.encode()
                )
                self._delete_old_checkpoints()
            # True now: this is the only checkpoint of its size that will ever be signed.
        if last is not None:
            self._serve(last)

    @contextmanager
    def _transaction_at(self, size: int) -> Iterator[None]:
        """A transaction on a database that holds exactly ``size`` entries of this log. Raises MovedError."""
        with beginning_with([guard.last_index_question(self.letter.pk)]) as answers:
            guard.check_last_index(answers()[0], size)
            yield

    def _check_served(self) -> None:
        """Raises MovedError if the served checkpoint is neither this process's nor in the database.

        Another clerk may have signed with a newer database than ours.
        """
        found = self._world.storage.get(self._path("log/checkpoint"))
        if not self._served or found == self._served:
            return
        point = guard.signed_by(found, self.letter.manifest.origin, self.letter.manifest.log)
        own = Checkpoint.objects.filter(letter=self.letter.pk)
        if point is not None and not own.filter(size=point.size, root=base64url.encode(point.root)).exists():
            raise guard.MovedError(f"a checkpoint of {point.size} entries is served that is not in the database")

    def _path(self, path: str) -> str:
        return f"{self.letter.slug}/{path}"

    def _read_tile(self, path: str) -> bytes:
        data = self._world.storage.get(self._path(f"log/{path}"))
        if data is None:
            raise LogError(f"log/{path} is missing from the served files")
        return data

    def _has_tiles(self, last: Checkpoint) -> bool:
        """Whether a checkpoint's tiles are served. Reads only the tree's right edge and the first entry bundle."""
        try:
            root = tiles.root_from_tiles(last.size, self._read_tile)
            self._read_tile(tiles.tiles_of(last.size)[0].path)
        except (LogError, MalformedError):
            return False
        return base64url.encode(root) == last.root

    def _write_tiles(self, done: int, size: int) -> None:
        # In parts: a whole log may not fit in memory.
        for first in range(done, size, ENTRIES_IN_MEMORY):
            rows = Entry.objects.filter(
                letter=self.letter.pk, index__gte=first, index__lt=min(size, first + ENTRIES_IN_MEMORY)
            ).order_by("index")
            data = [bytes(row) for row in rows.values_list("data", flat=True)]
            for path, content in tiles.extend(first, self._read_tile, data).items():
                self._world.storage.put(self._path(f"log/{path}"), content)

    def _check_tiles(self, new: checkpoint.Checkpoint) -> None:
        """Checks before signing that the tiles that readers get hash to the root that is signed."""
        if tiles.root_from_tiles(new.size, self._read_tile) != new.root:
            raise LogError("the tiles on disk are not those of the entries")

    def _delete_old_checkpoints(self) -> None:
        old = Checkpoint.objects.filter(letter=self.letter.pk, cosignatures__isnull=True)
        keep = list(old.order_by("-size").values_list("size", flat=True)[:KEPT_CHECKPOINTS])
        if len(keep) == KEPT_CHECKPOINTS:
            old.filter(size__lt=min(keep)).delete()

    def _serve(self, last: Checkpoint) -> None:
        text = note_of(last)
        if text == self._served:
            return
        self._check_served()
        if self._world.signed_checkpoints.get(self.letter.slug) != bytes(last.note):
            self._world.signed_checkpoints.put(self.letter.slug, bytes(last.note))
        # True now: the data directory remembers this checkpoint, even if database and served files are rolled back.
        if self._world.storage.get(self._path("log/checkpoint")) != text:
            self._world.storage.put(self._path("log/checkpoint"), text)
        # True now: the checkpoint is public.
        standing = self.standing
        count = {
            "count": standing.count, "signed": standing.signed, "withdrawn": standing.withdrawn, "size": last.size
        }  # fmt: skip
        self._world.storage.put(self._path("count.json"), canonical.encode(count))
        self._served = text
