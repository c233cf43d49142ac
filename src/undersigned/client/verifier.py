"""Checking a bundle with all cores and bounded memory (protocol.md sections 6 and 7)."""

from __future__ import annotations

import collections
import contextlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from undersigned.protocol import bundle
from undersigned.protocol.errors import UndeterminedError
from undersigned.protocol.report import Report
from undersigned.protocol.verify import Progress, Runner, verify_bundle

_AHEAD: Final = 3
"""Pieces of work in flight for each process: enough to keep it busy, few enough to keep memory flat."""
_SMALL: Final = 8192
"""Below so many entries, starting processes takes longer than the work: 4,000 take a second without them."""


def verify(
    files: Mapping[str, bytes],
    *,
    letter: bytes | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Report:
    """Verifies ``files`` step by step. ``workers``: processes; None for one a core if the bundle is large."""
    count = workers if workers is not None else _workers(files)
    with runner(count) as run:
        return verify_bundle(files, letter=letter, run=run, progress=progress)


def _workers(files: Mapping[str, bytes]) -> int:
    tiles = sum(1 for path in files if path.startswith("log/tile/entries/"))
    openings = len(bundle.openings_in(files)) * bundle.OPENINGS_IN_PART
    return 1 if tiles * 256 + openings < _SMALL else len(os.sched_getaffinity(0))


@contextlib.contextmanager
def runner(workers: int) -> Iterator[Runner]:
    """Something like ``map`` over ``workers`` processes; with one, ``map`` itself."""
    if workers <= 1:
        yield map
        return
    # Spawned, not forked: a fork of a program with threads may copy a lock that nobody will ever release.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield lambda work, items: _windowed(pool, work, items, workers * _AHEAD)


def _windowed(
    pool: ProcessPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any], window: int
) -> Iterator[Any]:
    """The results in order, with at most ``window`` pieces handed out at any time; the first of them now."""
    rest = iter(items)
    waiting: collections.deque[Future[Any]] = collections.deque()
    with _alive():
        waiting.extend(pool.submit(work, item) for item in itertools.islice(rest, window))
    return _results(pool, work, rest, waiting)


@contextlib.contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise UndeterminedError("a process of this verifier died; it may be short of memory") from None


def _results(
    pool: ProcessPoolExecutor, work: Callable[[Any], Any], rest: Iterator[Any], waiting: collections.deque[Future[Any]]
) -> Iterator[Any]:
    try:
        with _alive():
            for item in rest:
                yield waiting.popleft().result()
                waiting.append(pool.submit(work, item))
            while waiting:
                yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
