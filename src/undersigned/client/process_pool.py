"""Process pool: spreads work over CPU cores, keeps results in order, and bounds memory (backpressure)."""

from __future__ import annotations

import collections
import contextlib
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from undersigned.protocol import findings
from undersigned.protocol.errors import UndeterminedError
from undersigned.protocol.work_queue import Runner

SMALL: Final = 8192
"""Below this many entries or seals, starting processes takes longer than the work: 4,000 take a second without them."""
_MOST: Final = 61
"""Maximum number of processes: Windows can wait for 61 handles at once."""
_AHEAD: Final = 3
"""Pieces of work in flight per process: enough to keep it busy, few enough to keep memory flat."""


def workers_for(much: int) -> int:
    """The number of processes for ``much`` work: 1, or one per core."""
    return 1 if much < SMALL else min(_cores(), _MOST)


def _cores() -> int:
    """The number of cores this process may use; if the system does not say, the number that exist."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


@contextlib.contextmanager
def parallel_map(workers: int) -> Iterator[Runner]:
    """A parallel ``map`` over ``workers`` processes; with one, the built-in ``map``."""
    if workers <= 1:
        yield map
        return
    # Spawn, not fork: forking a program with threads can copy a held lock, which then deadlocks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield lambda work, items: _windowed(pool, work, items, workers * _AHEAD)


def _windowed(
    pool: ProcessPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any], window: int
) -> Iterator[Any]:
    """The results in order, with at most ``window`` pieces in flight; starts at once, without waiting for ``next``."""
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
        raise UndeterminedError(findings.worker_died()) from None


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
