"""Work queue of a verification: splits a bundle's entries and openings into pieces for a worker pool, in order.

Pieces are submitted while earlier ones are still being processed. A file that is missing or unreadable does not stop
the queue: its piece carries the error, which is raised where its answer would be read.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from . import bundle, findings, tiles
from .errors import MalformedError, MissingError, UndeterminedError
from .pieces import EntryPiece, OpeningPiece, Source, check

Runner = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""``map``, or a parallel equivalent that keeps the order."""
Lender = Callable[[str], Source]
"""Gives a file of a bundle for a worker to read. Raises KeyError if it is not there, MalformedError."""
_RECORDS: Final = 256
"""Records of a public letter in one piece."""


class Part(NamedTuple):
    """Where a piece of openings is from: the edition (0: none), its file, which part that is, and whether the last."""

    number: int
    path: str
    part: int
    last: bool


class WorkQueue:
    """The pieces of a log of ``size`` entries and of the openings in ``files``. ``letter``: the manifest's bytes."""

    def __init__(self, letter: bytes, files: bundle.Files, lend: Lender, size: int, *, sealed: bool) -> None:
        self.size = size
        self.sound = True
        """Whether the entries are worth checking. Once one of them is bad, only their tree is still looked at."""
        self.parts: collections.deque[Part] = collections.deque()
        """Which file each submitted piece of openings is from; the reader of the answers removes them in step."""
        self.answers: Iterator[bytes] = iter(())
        """What ``pieces.check`` answers to each, in order."""
        self.lost = False
        """Whether answers are missing through no fault of the bundle: then the result is undetermined."""
        self._letter, self._files, self._lend, self._sealed = letter, files, lend, sealed

    def pieces(self) -> Iterator[EntryPiece | OpeningPiece]:
        """All of them; those of entries by tile."""
        for tile in tiles.tiles_of_level(-1, self.size):
            data = self._source(f"log/{tile.path}")
            yield EntryPiece(self._letter, data, tile.width, skip=int(tile.number == 0), wanted=self.sound)
        yield from self._openings() if self._sealed else self._records()

    def begin(self, run: Runner) -> None:
        """Has ``run`` begin with the pieces, as far ahead as it likes. Raises UndeterminedError, as do the answers."""
        with self._heeding():
            self.answers = self._heeded(run(check, self.pieces()))

    def _heeded(self, answers: Iterable[bytes]) -> Iterator[bytes]:
        with self._heeding():
            yield from answers

    @contextlib.contextmanager
    def _heeding(self) -> Iterator[None]:
        try:
            yield
        except UndeterminedError:
            self.lost = True
            raise

    def _source(self, path: str) -> Source:
        try:
            return self._lend(path)
        except KeyError:
            return MissingError(findings.missing(path=path))
        except MalformedError as error:
            return error

    def _openings(self) -> Iterator[OpeningPiece]:
        parts = bundle.openings_in(self._files)
        for (number, part), after in itertools.zip_longest(parts, parts[1:]):
            path = bundle.openings_path(number, part)
            self.parts.append(Part(number, path, part, last=after != (number, part + 1)))
            yield OpeningPiece(self._letter, self._source(path))

    def _records(self) -> Iterator[OpeningPiece]:
        """The one file of a public letter, some lines at a time."""
        for source in self._cut():
            self.parts.append(Part(0, bundle.OBJECTS, 1, last=True))
            yield OpeningPiece(self._letter, source)

    def _cut(self) -> Iterable[Source]:
        try:
            lines = bundle.split_lines(self._files[bundle.OBJECTS])
        except KeyError:
            return ()
        except MalformedError as error:
            return [error]
        return (b"\n".join([*lines[start : start + _RECORDS], b""]) for start in range(0, len(lines), _RECORDS))
