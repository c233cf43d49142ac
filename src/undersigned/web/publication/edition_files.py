"""What is served of each published edition is put in place: of a large letter beside the clerk's rounds (ADR 0072).

What names somebody who has to be gone is taken away at once, in the round. What stands there instead is written by a
thread and put in place by a later round, if by then nobody else has withdrawn and nothing else has been published;
meanwhile the log goes on.
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
from undersigned.web.publication.background import BackgroundWork, Watched
from undersigned.web.publication.bundle_files import edition_files, opened_keys, openings_name
from undersigned.web.reader.edition import edition_pages
from undersigned.web.reader.letter import Shown
from undersigned.web.records.models import Edition
from undersigned.web.storage.lazy_files import LazyFiles, Maker, given

VAIN: Final = 3
"""So many times what was written may be thrown away because somebody withdrew meanwhile. Then the log waits, once:
a letter from which people withdraw every minute would have no edition at all."""


@dataclass(frozen=True, slots=True)
class Due:
    """An edition of a large letter whose files are not, or may not be, what they must be.

    ``keys``: whose openings it shows; ``made``: what it will have been made of; ``stands``: whether the files that are
    there name nobody else, so that they may stay until then.
    """

    letter: FixedLetter
    row: Edition
    keys: list[str]
    shown: Shown
    made: fingerprint.Fingerprint
    stands: bool
    storage: Storage

    @property
    def place(self) -> str:
        """Where they lie."""
        return _edition_folder(self.letter, self.row)

    def stage(self, watched: Watched) -> Staged | None:
        """Writes the files, if those that are there differ. Takes a while, and of the fold nothing that can change."""
        files = files_of(self.letter, self.row, self.keys, self.shown)
        note = fingerprint.note(self.made, files)
        if not _differs(self.storage, self.place, watched(LazyFiles(files))):
            # Another release of this program, and it makes the same files.
            self.storage.put(f"{self.place}/{fingerprint.NAME}", note)
            return None
        if not self.stands:
            self.storage.delete(self.place)
        return self.storage.stage_tree(self.place, watched(LazyFiles(files | {fingerprint.NAME: given(note)})))


def place_small(letter: FixedLetter, row: Edition, standing: Standing, shown: Shown, storage: Storage) -> None:
    """Puts the files of an edition of a letter that is not large in place, unless they are there."""
    files = LazyFiles(files_of(letter, row, opened_keys(letter, row.number, standing), shown))
    place = _edition_folder(letter, row)
    if _differs(storage, place, files) or storage.has(f"{place}/{fingerprint.NAME}"):
        served_checkpoint.hide(letter, storage)
        # True now: nobody who begins to read takes what comes for what the checkpoint spoke of.
        storage.put_tree(place, files)


def due_of(letter: FixedLetter, row: Edition, standing: Standing, shown: Shown, storage: Storage) -> Due | None:
    """What is to be done of an edition of a large letter; None if nothing is.

    Files that are known to name somebody who has to be gone are gone then: to write others takes a while.
    """
    keys, place = opened_keys(letter, row.number, standing), _edition_folder(letter, row)
    made, there = fingerprint.fingerprint_of(letter, row, keys, standing, shown), fingerprint.noted(storage, place)
    if there == made:
        return None
    stands = there is not None and there.people == made.people
    if there is not None and not stands:
        served_checkpoint.hide(letter, storage)
        storage.delete(place)
    # The fold goes on while files are made of it: of those who signed they see who is there now.
    still = replace(standing, signatories=dict(standing.signatories), editions=list(standing.editions))
    return Due(letter, row, keys, replace(shown, standing=still), made, stands, storage)


class EditionWriter:
    """One letter's editions, written in a thread of its own and put in place by whoever holds the rounds.

    From when it begins until that is settled, the lock on placing is held: whoever looks at what is served, or
    publishes, waits or comes back as for a publication.
    """

    def __init__(self) -> None:
        self._beside = BackgroundWork("placer")
        self._held = ExitStack()
        self._vain = 0

    @property
    def busy(self) -> bool:
        """Whether something is being written, or written and not settled."""
        return self._beside.busy

    def place(self, due: Iterable[Due], of: Any, held: ExitStack) -> bool:
        """Begins to write what is due. Returns True if nothing is left to do.

        ``of``: what it shows, to be compared when it is settled. ``held``: what holds the lock; taken over.
        """
        work = list(due)
        for one in work:
            if not one.stands:
                # Also where it is not known whom they name.
                served_checkpoint.hide(one.letter, one.storage)
                one.storage.delete(one.place)
        if not work:
            return True
        if self._vain >= VAIN:
            self._vain = 0
            put(work)
            return True
        self._beside.begin(of, lambda watched: _staged(work, watched))
        self._held = held.pop_all()
        return False

    def settle(self, now: Any) -> bool:
        """Puts in place what has been written, and returns True, or throws it away, if it shows something else than
        ``now``; nothing if it is still being written. Raises what went wrong."""
        if not self._beside.done(now):
            return False
        with self._held:
            there = self._beside.settle(now)
        self._vain = 0 if there else self._vain + 1
        return there

    def leave(self) -> None:
        """Throws away what is being written."""
        with self._held:
            self._beside.leave()


def put(work: Iterable[Due]) -> None:
    """Writes what is due and puts it in place, now."""
    for staged in _staged(work, dict):
        staged.place()


def _staged(work: Iterable[Due], watched: Watched) -> Iterator[Staged]:
    for due in work:
        staged = due.stage(watched)
        if staged is not None:
            yield staged


def files_of(letter: FixedLetter, row: Edition, keys: list[str], shown: Shown) -> dict[str, Maker]:
    """Pages first: if anything differs, they do, and to look through the openings takes the longest."""
    return edition_pages(shown, _document(row)) | edition_files(letter, row, keys)


def _edition_folder(letter: FixedLetter, row: Edition) -> str:
    return f"{letter.slug}/editions/{row.number}"


def _differs(storage: Storage, place: str, files: Mapping[str, bytes]) -> bool:
    beyond = openings_name(sum(name.startswith("openings") for name in files) + 1)
    strangers = {"edition.json", "counts.json", beyond} - files.keys()
    return any(storage.has(f"{place}/{name}") for name in strangers) or any(
        storage.get(f"{place}/{name}") != data for name, data in files.items()
    )


def _document(row: Edition) -> editions.Edition | editions.EditionCounts:
    # Not kept in the row, which stays for as long as its files are made.
    data = Edition.objects.values_list("data", flat=True).get(pk=row.pk)
    if data is not None:
        return editions.parse(bytes(data))
    return editions.parse_counts(bytes(row.counts or b""))
