"""Giving entries their place in the log: the order of durable effects, and its repair after a crash anywhere.

    1  entries have their indices              one transaction: pending rows become entries
    2  tiles are durable                       files
    3  the checkpoint is signed and durable    one row
    4  the checkpoint is served                one file; count.json after it

Each line is true before the next begins. Whatever was interrupted is found by looking: entries beyond the newest
checkpoint have no tiles yet or need none written again, a checkpoint that is not served is served now. So repair is
the ordinary round (``Log.round``), and there is no other.

Nothing is signed below what was signed before, whatever the database says (``guard``): that is asked when a log is
taken up, and again whenever what is served is not what this process served.
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
from undersigned.web.log.rows import Placed, Waiting, delete_waiting, insert_entries, keep_objects, read_waiting
from undersigned.web.log.shuffle import shuffled
from undersigned.web.ports import World
from undersigned.web.records.models import Batch, Checkpoint, Entry, Letter, Refused
from undersigned.web.signing.due import is_due

logger = logging.getLogger(__name__)
AT_ONCE = 65536
"""Entries in memory while tiles are written: full tiles of two levels."""
TOGETHER = 256
"""Entries of a batch that get their indices in one transaction: meanwhile nobody can sign."""
PAUSE = 0.03
"""Seconds between two of these at least: whoever waits for the database asks again within them."""
KEEP = 64
"""Checkpoints nobody cosigned are forgotten when they are so many back."""


def pause(took: float) -> None:
    """Lets those sign who have waited ``took`` seconds: they get as long."""
    time.sleep(max(PAUSE, took))


class Log:
    """One letter's log in the clerk's hands. ``standing`` is the fold over all entries, kept between rounds.

    Taking it up raises BehindError if it has been signed further than the database knows. ``round`` raises MovedError
    if the database is not the one it was: then it is to be taken up again.
    """

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self.letter, self._world = letter, world
        self.standing = Standing(letter.manifest)
        self._frontier = merkle.Frontier()
        self._frontier.append(merkle.leaf_hash(letter.source))
        self._served = b""
        row = Letter.objects.get(pk=letter.pk)
        known = guard.witnesses(row, world)
        guard.check_size(row, known)
        guard.check_roots(row, known, self.catch_up({point.size for point in known}))
        # True now: whatever is known to have been signed is the beginning of what will be.

    def catch_up(self, wanted: Collection[int] = ()) -> dict[int, bytes]:
        """Folds the entries of the database that are not in the fold yet; the roots at the sizes ``wanted``."""
        roots = {self.standing.size: self._frontier.root()} if self.standing.size in wanted else {}
        rows = Entry.objects.filter(letter=self.letter.pk, index__gte=self.standing.size).order_by("index")
        for data in rows.values_list("data", flat=True).iterator():
            self.standing.apply(entries.parse(bytes(data)))
            self._frontier.append(merkle.leaf_hash(bytes(data)))
            if self.standing.size in wanted:
                roots[self.standing.size] = self._frontier.root()
        return roots

    def round(self) -> bool:
        """Does what there is to do; returns whether the log grew."""
        before = self.standing.size
        while self._take_batch():
            pass
        self.publish()
        return self.standing.size > before

    def _take_batch(self) -> bool:
        """Effect 1 for the oldest batch, if it is time. Returns whether there may be another."""
        batch = Batch.objects.filter(letter=self.letter.pk, due__gt=0).order_by("number").first()
        if batch is None or not is_due(batch, self.letter.manifest, self._world.clock()):
            return False
        if not batch.closed:
            # A transaction even for one statement: each waits for those who are adding to the batch (docs/adr/0055).
            with transaction.atomic():
                batch.closed = True
                batch.save(update_fields=["closed"])
        # True now: nobody adds to the batch any more, so it is folded while others sign, outside the write lock.
        waiting = shuffled(read_waiting(batch.pk), self._world.entropy)
        took = 0.0
        for first in range(0, max(1, len(waiting)), TOGETHER):
            if first:
                pause(took)
            began = time.monotonic()
            self._place(batch, waiting[first : first + TOGETHER], last=first + TOGETHER >= len(waiting))
            took = time.monotonic() - began
            # True now: these are in the table under their indices, and wait no more. If it ends here, those that are
            # left are shuffled again, and follow.
        # True now: no pending row of the batch is left.
        return True

    def _place(self, batch: Batch, waiting: list[Waiting], *, last: bool) -> None:
        """One transaction: some of a batch, in the order given, become entries. ``last``: nothing of it is left."""
        size = self.standing.size
        try:
            placed, refused = self._fold(waiting)
            with self._writing(size):
                Refused.objects.bulk_create(refused)
                insert_entries(self.letter.pk, batch.number, placed)
                keep_objects(self.letter.pk, placed)
                delete_waiting(batch.pk, [row.leaf for row in waiting], last=last)
                if last:
                    batch.due = 0
                    batch.save(update_fields=["due"])
        except BaseException:
            # The fold has gone ahead of what is durable: start it again from the table.
            if self.standing.size != size:
                self.__init__(self.letter, self._world)  # type: ignore[misc]
            raise

    def _fold(self, rows: list[Waiting]) -> tuple[list[Placed], list[Refused]]:
        """Those of ``rows``, in order, that stand, with their indices; and the others (there should be none)."""
        placed: list[Placed] = []
        refused: list[Refused] = []
        for row in rows:
            index = self.standing.size
            try:
                self.standing.apply(entries.parse(row.data))
            except InvalidError as error:
                logger.error("an entry that was promised cannot stand: %s", error)  # noqa: TRY400
                reason = str(error)[:200]
                refused.append(Refused(leaf=row.leaf, letter_id=self.letter.pk, kind=row.kind, reason=reason))
                continue
            self._frontier.append(merkle.leaf_hash(row.data))
            placed.append(Placed(index, row))
        return placed, refused

    def publish(self) -> None:
        """Effects 2 to 4, as far as they are missing."""
        size = self.standing.size
        last = newest(self.letter.pk)
        done = last.size if last else 0
        if last is not None and (size > done or not self._served) and not self._stands(last):
            # The served files were lost, with their disk or their bucket: the entries have everything they held.
            logger.warning("the tiles of a log are not where they are served from; they are written anew")
            self._write_tiles(0, done)
        if size > done:
            self._write_tiles(done, size)
            # True now: every tile of the log of ``size`` is on disk. Nobody is told of them yet.
            made = checkpoint.Checkpoint(self.letter.manifest.origin, size, self._frontier.root())
            self._check_tiles(made)
            signed = checkpoint.sign(made, self.letter.seed)
            self._heed()
            with self._writing(size):
                last = Checkpoint.objects.create(
                    letter_id=self.letter.pk, size=size, root=base64url.encode(made.root), note=signed.encode()
                )
                self._forget()
            # True now: this checkpoint is the only one of its size that will ever be signed.
        if last is not None:
            self._serve(last)

    @contextmanager
    def _writing(self, size: int) -> Iterator[None]:
        """A transaction on a database that holds the first ``size`` entries and no more. Raises MovedError."""
        with beginning_with([guard.tip_question(self.letter.pk)]) as answers:
            guard.check_tip(answers()[0], size)
            yield

    def _heed(self) -> None:
        """Raises MovedError if something else is served than this process served, and the database does not know it."""
        found = self._world.storage.get(self._path("log/checkpoint"))
        if not self._served or found == self._served:
            return
        point = guard.signed_by(found, self.letter.manifest.origin, self.letter.manifest.log)
        own = Checkpoint.objects.filter(letter=self.letter.pk)
        if point is not None and not own.filter(size=point.size, root=base64url.encode(point.root)).exists():
            raise guard.MovedError(f"a checkpoint of {point.size} entries is served that the database does not know")

    def _path(self, path: str) -> str:
        return f"{self.letter.slug}/{path}"

    def _read_tile(self, path: str) -> bytes:
        data = self._world.storage.get(self._path(f"log/{path}"))
        if data is None:
            raise LogError(f"log/{path} is missing from the served files")
        return data

    def _stands(self, last: Checkpoint) -> bool:
        """Whether the tiles of a checkpoint are there, as far as its right edge and its first bundle tell."""
        try:
            root = tiles.root_from_tiles(last.size, self._read_tile)
            self._read_tile(tiles.tiles_of(last.size)[0].path)
        except (LogError, MalformedError):
            return False
        return base64url.encode(root) == last.root

    def _write_tiles(self, done: int, size: int) -> None:
        # So many at a time: a whole log may not fit into memory.
        for first in range(done, size, AT_ONCE):
            rows = Entry.objects.filter(
                letter=self.letter.pk, index__gte=first, index__lt=min(size, first + AT_ONCE)
            ).order_by("index")
            data = [bytes(row) for row in rows.values_list("data", flat=True)]
            for path, content in tiles.extend(first, self._read_tile, data).items():
                self._world.storage.put(self._path(f"log/{path}"), content)

    def _check_tiles(self, made: checkpoint.Checkpoint) -> None:
        """What is signed is what can be read: the right edge of the tiles on disk gives the root that is signed."""
        if tiles.root_from_tiles(made.size, self._read_tile) != made.root:
            raise LogError("the tiles on disk are not those of the entries")

    def _forget(self) -> None:
        old = Checkpoint.objects.filter(letter=self.letter.pk, cosignatures__isnull=True)
        keep = list(old.order_by("-size").values_list("size", flat=True)[:KEEP])
        if len(keep) == KEEP:
            old.filter(size__lt=min(keep)).delete()

    def _serve(self, last: Checkpoint) -> None:
        text = note_of(last)
        if text == self._served:
            return
        self._heed()
        if self._world.marks.get(self.letter.slug) != bytes(last.note):
            self._world.marks.keep(self.letter.slug, bytes(last.note))
        # True now: this directory knows what was signed, whatever becomes of database and served files.
        if self._world.storage.get(self._path("log/checkpoint")) != text:
            self._world.storage.put(self._path("log/checkpoint"), text)
        # True now: the checkpoint is public.
        standing = self.standing
        count = {
            "count": standing.count, "signed": standing.signed, "withdrawn": standing.withdrawn, "size": last.size
        }  # fmt: skip
        self._world.storage.put(self._path("count.json"), canonical.encode(count))
        self._served = text
