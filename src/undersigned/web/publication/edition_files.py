"""Writes the served files of each published edition; for a large letter, in a background job (ADR 0072).

Files that name a person who has withdrawn are deleted at once, within the round. A thread then writes their
replacement, and a later round puts it in place if by then there was no other withdrawal and no other publication.
Meanwhile the log goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

from undersigned.protocol import edition as editions
from undersigned.protocol.standing import Standing
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Staged, Storage
from undersigned.web.publication import fingerprint, served_checkpoint
from undersigned.web.publication.background import BackgroundJob, Cancellable
from undersigned.web.publication.bundle_files import edition_files, opened_keys, openings_name
from undersigned.web.reader.edition import edition_pages
from undersigned.web.reader.letter import LetterView
from undersigned.web.records.models import Edition
from undersigned.web.storage.lazy_files import LazyFiles, Maker, given

MAX_DISCARDS: Final = 3
"""How many times in a row written files may be discarded because of another withdrawal. Then they are written within
the round and the log waits once: a letter with a withdrawal every minute would otherwise have no edition at all."""


@dataclass(frozen=True, slots=True)
class StaleEdition:
    """An edition of a large letter whose files differ, or may differ, from what they have to be.

    ``keys``: whose openings it shows; ``fingerprint``: of the files to write; ``is_safe``: the files that are served
    name no one who has withdrawn, so they may stay until these are written.
    """

    letter: FixedLetter
    row: Edition
    keys: list[str]
    view: LetterView
    fingerprint: fingerprint.Fingerprint
    is_safe: bool
    storage: Storage

    @property
    def directory(self) -> str:
        """Where its files are, under the served files."""
        return _directory(self.letter, self.row)

    def stage(self, cancellable: Cancellable) -> Staged | None:
        """Writes the files without putting them in place; None if those that are served are the same.

        Runs in a thread, for a minute or more: it may use nothing of the fold that still changes.
        """
        files = make_files(self.letter, self.row, self.keys, self.view)
        note = fingerprint.encode(self.fingerprint, files)
        if not _differs(self.storage, self.directory, cancellable(LazyFiles(files))):
            # Another version of this program that makes the same files.
            self.storage.put(f"{self.directory}/{fingerprint.NAME}", note)
            return None
        if not self.is_safe:
            self.storage.delete(self.directory)
        return self.storage.stage_tree(self.directory, cancellable(LazyFiles(files | {fingerprint.NAME: given(note)})))


def place_small(letter: FixedLetter, row: Edition, standing: Standing, view: LetterView, storage: Storage) -> None:
    """Writes the files of an edition of a letter that is not large, unless the served ones are the same."""
    files = LazyFiles(make_files(letter, row, opened_keys(letter, row.number, standing), view))
    directory = _directory(letter, row)
    if _differs(storage, directory, files) or storage.has(f"{directory}/{fingerprint.NAME}"):
        served_checkpoint.hide(letter, storage)
        # True now: a reader who starts here cannot take the new names for those of the old checkpoint.
        storage.put_tree(directory, files)


def find_stale(
    letter: FixedLetter, row: Edition, standing: Standing, view: LetterView, storage: Storage
) -> StaleEdition | None:
    """What has to be written of an edition of a large letter; None if its files are up to date.

    Deletes files that are known to name a person who has withdrawn: writing others takes a while.
    """
    keys, directory = opened_keys(letter, row.number, standing), _directory(letter, row)
    wanted = fingerprint.fingerprint_of(letter, row, keys, standing, view)
    served = fingerprint.read(storage, directory)
    if served == wanted:
        return None
    is_safe = served is not None and served.people == wanted.people
    if served is not None and not is_safe:
        served_checkpoint.hide(letter, storage)
        storage.delete(directory)
    # The fold goes on while the thread reads: it gets copies of the two collections that grow.
    copied = replace(standing, signatories=dict(standing.signatories), editions=list(standing.editions))
    return StaleEdition(letter, row, keys, replace(view, standing=copied), wanted, is_safe, storage)


class EditionWriter:
    """Writes one letter's editions in a background job; the thread that runs the rounds puts them in place.

    The publication lock is held from ``start`` until ``finish``: to those who read the served files or publish, it
    looks like a publication, for which they wait or retry.
    """

    def __init__(self) -> None:
        self._job = BackgroundJob("edition writer")
        self._lock = ExitStack()
        self._discards = 0

    @property
    def is_busy(self) -> bool:
        """Whether files are being written, or are written and wait for ``finish``."""
        return self._job.is_busy

    def start(self, stale: Iterable[StaleEdition], target: Any, lock: ExitStack) -> bool:
        """Starts to write the stale editions. Returns True if nothing is left to write.

        ``target``: what the files will show, to be compared by ``finish``. ``lock``: holds the publication lock; taken
        over if the job starts.
        """
        work = list(stale)
        for one in work:
            if not one.is_safe:
                # Also where it is not known whom the files name.
                served_checkpoint.hide(one.letter, one.storage)
                one.storage.delete(one.directory)
        if not work:
            return True
        if self._discards >= MAX_DISCARDS:
            self._discards = 0
            place_stale(work)
            return True
        self._job.start(target, lambda cancellable: _stage_all(work, cancellable))
        self._lock = lock.pop_all()
        return False

    def finish(self, target: Any) -> bool:
        """Puts written files in place and returns True, or discards them if they show something else than ``target``.

        Returns False while they are still being written. Raises the job's own error.
        """
        if not self._job.poll(target):
            return False
        with self._lock:
            is_placed = self._job.finish(target)
        self._discards = 0 if is_placed else self._discards + 1
        return is_placed

    def cancel(self) -> None:
        """Discards the files that are being written."""
        with self._lock:
            self._job.cancel()


def place_stale(stale: Iterable[StaleEdition]) -> None:
    """Writes the files of stale editions and puts them in place, within the round."""
    for staged in _stage_all(stale, dict):
        staged.place()


def _stage_all(stale: Iterable[StaleEdition], cancellable: Cancellable) -> Iterator[Staged]:
    for edition in stale:
        staged = edition.stage(cancellable)
        if staged is not None:
            yield staged


def make_files(letter: FixedLetter, row: Edition, keys: list[str], view: LetterView) -> dict[str, Maker]:
    """An edition's files by name. Pages first: if anything differs they do, and comparing openings takes longest."""
    return edition_pages(view, _load_document(row)) | edition_files(letter, row, keys)


def _directory(letter: FixedLetter, row: Edition) -> str:
    return f"{letter.slug}/editions/{row.number}"


def _differs(storage: Storage, directory: str, files: Mapping[str, bytes]) -> bool:
    """Whether the served files are not these: one differs, or there is one too many."""
    beyond = openings_name(sum(name.startswith("openings") for name in files) + 1)
    extra = {"edition.json", "counts.json", beyond} - files.keys()
    return any(storage.has(f"{directory}/{name}") for name in extra) or any(
        storage.get(f"{directory}/{name}") != data for name, data in files.items()
    )


def _load_document(row: Edition) -> editions.Edition | editions.EditionCounts:
    # Not stored in ``row``, which lives as long as its files are being written: the names are hundreds of megabytes.
    data = Edition.objects.values_list("data", flat=True).get(pk=row.pk)
    if data is not None:
        return editions.parse(bytes(data))
    return editions.parse_counts(bytes(row.counts or b""))
