"""Group commit: many requests share one transaction and one fsync.

One thread owns one database connection. It takes the queued requests, decides them in one write transaction, commits,
and only then sends the responses. Requests share the cost of the commit, and no response is sent before it.
"""

from __future__ import annotations

import logging
import os
import threading
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, OperationalError, connection

from undersigned.protocol.errors import DuplicateError
from undersigned.web.database.postgresql.begin import Answers, beginning_with
from undersigned.web.failures import where
from undersigned.web.ports import Clock, Reserve
from undersigned.web.problems import busy, full, unsure
from undersigned.web.signing.actions import CodeUse, questions_before, take_entries, use_codes
from undersigned.web.signing.candidate import Candidate
from undersigned.web.storage.reserve import is_full

MAX_BATCH: Final = 256
MAX_WAITING: Final = 4096
"""Bound of the queue. Beyond it a request gets ``busy`` at once, instead of after its sender has given up."""
COMPANY: Final = 0.006
"""Longest batching window in seconds: a batch waits for as many requests as the one before it had. Under load, the
event loop has the interpreter to itself meanwhile and more requests share a transaction. A single signatory does not
wait."""
EXIT_UNSAFE: Final = 70

logger = logging.getLogger(__name__)
Work = Candidate | CodeUse


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    answer: Future[Any]


def stop_process(error: BaseException) -> None:
    """Ends this process without another response: it is unknown what was stored, and the next start will read it."""
    logger.critical("the database failed in a way that leaves open what was stored: %s. Stopping.", where(error))
    os._exit(EXIT_UNSAFE)


class _Company:
    """Adaptive batching window: waits for as many requests as the last batch had, at most ``COMPANY`` seconds."""

    def __init__(self, queue: SimpleQueue[_Job | None]) -> None:
        self._queue = queue
        self._last, self._wanted = 1, 0
        self._here = threading.Event()

    def look(self) -> None:
        """Ends the wait if enough requests are queued. Called after each request is queued."""
        if self._wanted and self._queue.qsize() >= self._wanted:
            self._here.set()

    def wait(self) -> None:
        """Waits for the rest of a batch, of which one request has been taken from the queue."""
        wanted = min(self._last, MAX_BATCH) - 1
        if wanted > self._queue.qsize():
            self._here.clear()
            self._wanted = wanted
            # Checked again: they may have been queued before ``_wanted`` was set.
            if wanted > self._queue.qsize():
                self._here.wait(COMPANY)
            self._wanted = 0

    def came(self, number: int) -> None:
        """Notes the size of this batch."""
        self._last = number


class Committer:
    """The group-commit thread and its queue: call ``submit`` from the event loop; it resolves once durable."""

    def __init__(
        self, clock: Clock, reserve: Reserve, *, on_failure: Callable[[BaseException], None] = stop_process
    ) -> None:
        self._clock, self._reserve, self._on_failure = clock, reserve, on_failure
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._stalled = False
        self._held: list[_Job] = []
        self._ended = False
        self._company = _Company(self._queue)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finishes the queued requests, then ends the thread."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout=4)

    def check_room(self) -> None:
        """Raises Problem ``busy`` if the queue is full."""
        if self._queue.qsize() >= MAX_WAITING:
            raise busy()

    def submit(self, work: Work) -> Future[Any]:
        """Queues a request; returns a future of its outcome. Raises Problem ``busy`` if the queue is full."""
        self.check_room()
        answer = get_running_loop().create_future()
        self._queue.put(_Job(work, answer))
        self._company.look()
        return answer

    def _run(self) -> None:
        while not self._ended or self._held:
            jobs = self._collect()
            if not jobs:
                continue
            outcomes = self._decide(jobs)
            if self._stalled:
                late = self._late()
                jobs, outcomes = [*jobs, *late], [*outcomes, *(busy() for _ in late)]
            self._answer(jobs, outcomes)
        connection.close()

    def _late(self) -> list[_Job]:
        """Drains the queue after a stall, so that every waiting request gets ``busy``: the database kept the batch
        before them waiting for seconds, and would keep them waiting as long.

        Drained before the first response is sent: a request that arrives after a client has seen ``busy`` is tried.
        """
        self._stalled = False
        jobs, self._held = self._held, []
        for _ in range(self._queue.qsize()):
            self._take(jobs)
        return jobs

    def _collect(self) -> list[_Job]:
        """Takes the queued requests for one transaction, all of one kind; empty only once stopped.

        A transaction has codes or entries, never both: in a copy of the database that shows which rows were written
        together, no code may appear with its holder's entry. Requests of the other kind are held, and come first in the
        next transaction, so that there are no more commits than if the kinds were mixed.
        """
        taken, self._held = self._held, []
        if not taken:
            self._take(taken)
        if not self._ended:
            self._company.wait()
        # Safe to test for empty: only this thread takes from the queue.
        while taken and not self._ended and len(taken) < 2 * MAX_BATCH and not self._queue.empty():
            self._take(taken)
        self._company.came(len(taken))
        same = [job for job in taken if _is_code(job) == _is_code(taken[0])][:MAX_BATCH]
        chosen = set(map(id, same))
        self._held = [job for job in taken if id(job) not in chosen]
        return same

    def _take(self, jobs: list[_Job]) -> None:
        """Adds the next queued request to ``jobs``, waiting for it, or notes that the queue has ended."""
        job = self._queue.get()
        if job is None:
            self._ended = True
        else:
            jobs.append(job)

    def _decide(self, jobs: Sequence[_Job]) -> list[Any]:
        """Returns an outcome for each job, each durable."""
        if not self._reserve.is_held():
            return self._decide_without_room(jobs)
        return self._commit(jobs)

    def _decide_without_room(self, jobs: Sequence[_Job]) -> list[Any]:
        """Like ``_decide`` on a full disk: refuses signatures, so that the remaining space is for withdrawals."""
        others = [job for job in jobs if not _signs(job.work)]
        outcomes = iter(self._commit(others) if others else ())
        return [full() if _signs(job.work) else next(outcomes) for job in jobs]

    def _commit(self, jobs: Sequence[_Job]) -> list[Any]:
        works = [job.work for job in jobs]
        begun = committing = False
        try:
            with beginning_with(questions_before(_entries(works))) as answers:
                begun = True
                outcomes = self._act(works, answers())
                committing = True
        except IntegrityError as error:
            if len(works) == 1:
                return [DuplicateError("this has been taken already")]
            # One of them violates a constraint, and nothing was stored: retry one by one, so that only it is refused.
            logger.warning("a constraint refused a batch: %s", where(error))
            return [outcome for job in jobs for outcome in self._commit([job])]
        except Exception as error:
            if is_full(error):
                # Nothing of it was stored (``is_full``). Retry with the disk reserve, if there is any left.
                return self._decide_without_room(jobs) if self._reserve.release() else [full()] * len(jobs)
            return self._failed(error, begun, committing, len(jobs))
        return outcomes

    def _act(self, works: Sequence[Work], answers: Answers) -> list[Any]:
        now = self._clock()
        entries = iter(take_entries(_entries(works), now=now, answers=answers))
        codes = iter(use_codes([work for work in works if isinstance(work, CodeUse)], now=now))
        return [next(entries) if isinstance(work, Candidate) else next(codes) for work in works]

    def _failed(self, error: Exception, begun: bool, committing: bool, number: int) -> list[Any]:
        """The outcomes after a failed transaction: none claims that something is stored that may not be."""
        if isinstance(error, OperationalError) and not begun:
            # Another process held the write lock too long: nothing of this was written.
            self._stalled = True
            return [busy()] * number
        if connection.vendor == "postgresql" and isinstance(error, DatabaseError):
            # There may have been a failover: close the connection, so that the new primary is asked on a fresh one.
            connection.close()
            self._stalled = True
            logger.warning("the database did not confirm a batch of %d: %s", number, where(error))
            return [unsure()] * number
        if committing or isinstance(error, DatabaseError):
            self._on_failure(error)
        logger.error("a batch of %d was rolled back: %s", number, where(error))
        return [error] * number

    def _answer(self, jobs: Sequence[_Job], outcomes: Sequence[Any]) -> None:
        by_loop: dict[AbstractEventLoop, list[tuple[Future[Any], Any]]] = {}
        for job, outcome in zip(jobs, outcomes, strict=True):
            by_loop.setdefault(job.answer.get_loop(), []).append((job.answer, outcome))
        for loop, answers in by_loop.items():
            # The loop may be closed already when the process stops; what was committed stays.
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, answers)


def _entries(works: Sequence[Work]) -> list[Candidate]:
    return [work for work in works if isinstance(work, Candidate)]


def _is_code(job: _Job) -> bool:
    return isinstance(job.work, CodeUse)


def _signs(work: Work) -> bool:
    """Whether this adds a signatory: a signature, or the use of an access code."""
    return isinstance(work, CodeUse) or work.kind == "sign"


def _resolve(answers: list[tuple[Future[Any], Any]]) -> None:
    for future, outcome in answers:
        if not future.done():
            future.set_result(outcome)
