"""Downloads a letter from its live site as a consistent snapshot at one checkpoint (protocol.md section 7, "A live
letter"; ADR 0088).

The log grows while it is downloaded. The snapshot is taken at:

- the newest checkpoint, ``log/checkpoint``, as long as no names are served;
- otherwise the checkpoint that the names belong to, ``bundle.checkpoint``, which follows some seconds later. It is
  fetched before the names and again after them: if it has not changed, the names belong to it.

The reader waits for files that lag behind. A file that does not come is missing, which is never reported as false.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undersigned import durable
from undersigned.protocol import bundle, checkpoint, entries, findings, merkle, tiles
from undersigned.protocol.canonical import MAX_DOCUMENT
from undersigned.protocol.checkpoint import Checkpoint
from undersigned.protocol.errors import LogError, MalformedError
from undersigned.protocol.note import Note

from .errors import AnswerError, ProblemError, UndeliveredError, WaitingError
from .http import MAX_ANSWER, Http
from .letter import Letter, fetch_checkpoint, fetch_letter, read_checkpoint
from .link import Link
from .logfiles import LogFiles

Progress = Callable[[int, int], None]
NAMES_CHECKPOINT: Final = "bundle.checkpoint"
"""The file that states which checkpoint the names belong to."""
_PAUSE: Final = 0.25
"""Polling interval in seconds."""
_TRIES: Final = 5
_ROW: Final = 4096
"""Maximum bytes per signatory in an edition or record."""


def patience_for(size: int) -> float:
    """How many seconds to wait for files that lag behind: the server takes longer for names of a large letter."""
    return 30 + size / 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A directory with a downloaded bundle.

    ``at``: the checkpoint; ``newest``: size of the log at the start; ``settled``: whether the names are known to belong
    to ``at``; ``lags``: whether names of entries that were already in the log did not appear in time.
    """

    letter: Letter
    at: Checkpoint
    newest: int
    settled: bool
    lags: bool


class SnapshotReader:
    """Downloads one letter into ``target``, an empty directory; may be called repeatedly.

    ``patience``: seconds to wait for files that lag behind, counted from the first call; None: by the letter's size.
    """

    def __init__(
        self,
        http: Http,
        link: Link,
        target: Path,
        *,
        progress: Progress | None = None,
        patience: float | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http, self._link, self._target, self._pause = http, link, target, pause
        self._patience = patience
        self._log = LogFiles(http, target / "log", progress)
        self._letter: Letter | None = None
        self._until = 0.0
        self._first: Checkpoint | None = None

    @property
    def patient(self) -> bool:
        """Whether there is time left to wait."""
        return time.monotonic() < self._until

    def forget(self) -> None:
        """Deletes all downloads, so that the next call fetches everything again, bypassing caches."""
        self._letter = self._first = None
        for path in self._target.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._http.bypass_caches()

    def read(self) -> Snapshot:
        """Downloads it. Raises UndeliveredError, WaitingError or UnreachableError if the site's state cannot be
        determined, InvalidError if its files contradict each other."""
        with as_undelivered():
            return self._read()

    def _read(self) -> Snapshot:
        letter = self._letter or self._begin()
        first = self._first
        assert first is not None  # noqa: S101 - begun
        if letter.manifest.sealed:
            newest, note = fetch_checkpoint(self._http, letter)
            self._log.hold(newest.size)
            if not self._cuts(newest.size):
                return self._keep(letter, newest, note, settled=True, lags=False)
            self._check_extends(first, newest)
            first = newest
        point, note = self._await(letter, 1 if letter.manifest.sealed else first.size)
        self._log.hold(max(point.size, first.size))
        # Fetch the checkpoint again: while a large log was downloaded, the names may have been replaced.
        point, note = self._await(letter, point.size)
        self._log.hold(max(point.size, first.size))
        self._log.hold(point.size)
        self._check_extends(*sorted((point, first), key=lambda one: one.size))
        self._names(letter, point)
        after = self._at(letter)
        settled = after is not None and after[1] == note
        lags = not letter.manifest.sealed and point.size < first.size
        return self._keep(letter, point, note, settled=settled, lags=lags)

    def _begin(self) -> Letter:
        letter = fetch_letter(self._http, self._link, expect=False)
        self._first, _ = fetch_checkpoint(self._http, letter)
        if not self._first.size:
            raise LogError(findings.log_empty())
        patience = patience_for(self._first.size) if self._patience is None else self._patience
        self._until = self._until or time.monotonic() + patience
        _write(self._target, "manifest.json", letter.source)
        for language in letter.manifest.languages:
            self._save(bundle.text_path(language), MAX_ANSWER)
        if letter.manifest.eligibility.check == "roll":
            self._save("roll.json", 64 * (letter.manifest.eligibility.size or 0) + 4096)
        self._letter = letter
        return letter

    def _at(self, letter: Letter) -> tuple[Checkpoint, Note] | None:
        data = self._http.find(NAMES_CHECKPOINT)
        return None if data is None else read_checkpoint(data, letter, NAMES_CHECKPOINT)

    def _await(self, letter: Letter, size: int) -> tuple[Checkpoint, Note]:
        """The names' checkpoint once it covers ``size`` entries, or the latest one when time runs out.
        Raises WaitingError if the site does not state any."""
        while True:
            found = self._at(letter)
            if found is not None and (found[0].size >= size or not self.patient):
                return found
            if not self.patient:
                raise WaitingError(
                    "the site is publishing names and does not state yet which checkpoint they belong to; try "
                    "again in some minutes"
                )
            self._pause(_PAUSE)

    def _keep(self, letter: Letter, at: Checkpoint, note: Note, *, settled: bool, lags: bool) -> Snapshot:
        assert self._first is not None  # noqa: S101 - begun
        self._log.trim(at.size)
        _write(self._target, "log/checkpoint", own_lines(note, letter).encode())
        return Snapshot(letter, at, max(self._first.size, at.size), settled, lags)

    def _check_extends(self, small: Checkpoint, large: Checkpoint) -> None:
        """Raises LogError unless the downloaded entries hash to both roots, which proves that both are of one log."""
        if small.size == large.size:
            if small.root != large.root:
                raise LogError(findings.log_forked(size=small.size))
            return
        frontier = merkle.Frontier()
        for number, data in enumerate(tiles.read_entries(large.size, self._log.read), start=1):
            frontier.append(merkle.leaf_hash(data))
            if number == small.size and frontier.root() != small.root:
                raise LogError(findings.log_rewritten(size=small.size))
        if frontier.root() != large.root:
            raise LogError(findings.log_unrooted(size=large.size))

    def _names(self, letter: Letter, at: Checkpoint) -> None:
        """Downloads all files with names, replacing earlier downloads."""
        for folder in ("editions", "openings"):
            shutil.rmtree(self._target / folder, ignore_errors=True)
        (self._target / bundle.OBJECTS).unlink(missing_ok=True)
        if not letter.manifest.sealed:
            self._save_lines(bundle.OBJECTS, min(MAX_DOCUMENT, _ROW * at.size + MAX_ANSWER))
        for number in range(1, self._cuts(at.size) + 1):
            for path in (bundle.edition_path(number), bundle.counts_path(number)):
                if self._find(path, min(MAX_DOCUMENT, _ROW * at.size + MAX_ANSWER)):
                    self._openings(letter, number, bundle.parts_of(at.size))
                    break

    def _openings(self, letter: Letter, number: int, parts: int) -> None:
        """Downloads the parts of an edition's openings: the first one that is not full is the last."""
        if not letter.manifest.sealed:
            return
        for part in range(1, parts + 1):
            path = bundle.openings_path(number, part)
            if not self._save_lines(path, bundle.OPENINGS_IN_PART * 65536, missing=True):
                return
            if (self._target / path).read_bytes().count(b"\n") < bundle.OPENINGS_IN_PART:
                return

    def _save(self, path: str, limit: int) -> None:
        if not self._find(path, limit):
            raise UndeliveredError(f"the file {path} does not exist; try again later", 404)

    def _find(self, path: str, limit: int) -> bool:
        """Downloads a document; False for 404. Each ends in a brace, so a truncated one is noticed."""
        target = self._target / path
        if not self._http.save(path, target, limit=limit):
            return False
        with target.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 1))
            if not size or (path.endswith(".json") and file.read(1) != b"}"):
                raise UndeliveredError(f"the file {path} is incomplete; try again")
        return True

    def _save_lines(self, path: str, limit: int, *, missing: bool = False) -> bool:
        if not self._http.save(path, self._target / path, limit=limit):
            if missing:
                return False
            raise UndeliveredError(f"the file {path} does not exist; try again later", 404)
        with (self._target / path).open("rb") as file:
            if file.seek(0, 2):
                file.seek(-1, 2)
                if file.read(1) != b"\n":
                    raise UndeliveredError(f"the file {path} is incomplete; try again")
        return True

    def _cuts(self, size: int) -> int:
        """The number of cuts in the downloaded log. Invalid entries are skipped: the verifier reports them."""
        log = tiles.read_entries(size, self._log.read, first=1)
        return sum(1 for data in log if b'"type":"cut"' in data and _is_cut(data))


def fetch(http: Http, link: Link, target: Path, progress: Progress | None = None) -> Snapshot:
    """Downloads a letter's bundle into ``target``, an empty directory; retries while the names keep changing."""
    reader = SnapshotReader(http, link, target, progress=progress)
    for attempt in itertools.count(1):
        reading = reader.read()
        if reading.settled or attempt >= _TRIES or not reader.patient:
            return reading
    raise AssertionError("unreachable")


@contextlib.contextmanager
def as_undelivered() -> Iterator[None]:
    """Converts errors: a site that refuses a public file, or sends garbage, has said nothing about the letter."""
    try:
        yield
    except ProblemError as error:
        raise UndeliveredError(f"{error}; try again later", error.status) from None
    except AnswerError as error:
        raise UndeliveredError(f"{error}; try again later, or from another network") from None


def own_lines(note: Note, letter: Letter) -> Note:
    """The checkpoint with the signature lines of the log and the trustees only, as in a bundle (docs/adr/0005)."""
    kept = []
    for line in note.signatures:
        if line.name == letter.manifest.origin or checkpoint.verify_cosignature(note.text, line, letter.trustee_keys):
            kept.append(line)
    return Note(note.text, tuple(kept))


def _is_cut(data: bytes) -> bool:
    try:
        return isinstance(entries.parse(data), entries.Cut)
    except MalformedError:
        return False


def _write(target: Path, path: str, data: bytes) -> None:
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    durable.write_over(place, data, mode=0o644, durable=False)
