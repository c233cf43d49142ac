"""Background jobs: write a large letter's files in a thread while the clerk goes on with its rounds.

Files that take a minute to write show the letter as it was when the job started (its *target*). When the thread is
done, the clerk compares that target with what has to be served now: it puts the files in place if they are equal, and
discards them if not (ADR 0051, 0072).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection

from undersigned.web.ports import Staged
from undersigned.web.storage.lazy_files import LazyFiles

Cancellable = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]
"""Wraps files so that reading one raises JobCancelledError once the job has been cancelled."""
WriteFiles = Callable[[Cancellable], Iterable[Staged]]
"""Writes files and directories without putting them in place. Reads its input through the argument, so that a
cancelled job stops at its next file."""


class JobCancelledError(Exception):
    """The files that were being written are out of date."""


@dataclass
class _Job:
    """``target``: what the files will show; compared when they are written."""

    target: Any
    thread: threading.Thread
    cancelled: threading.Event
    staged: list[Staged] = field(default_factory=list)
    error: BaseException | None = None


class BackgroundJob:
    """Runs one job at a time in a thread called ``name``. Every method is called by the thread that runs the rounds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._job: _Job | None = None

    def start(self, target: Any, write: WriteFiles) -> None:
        """Starts ``write`` in a thread. ``target``: what its files will show."""
        cancelled = threading.Event()

        def read(files: Mapping[str, bytes], path: str) -> bytes:
            if cancelled.is_set():
                raise JobCancelledError
            return files[path]

        def cancellable(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
            return LazyFiles({path: partial(read, files, path) for path in files})

        # A daemon thread dies with the process; the next start removes what it left half written (Storage.tidy).
        thread = threading.Thread(target=self._run, args=(write, cancellable), name=self._name, daemon=True)
        self._job = _Job(target, thread, cancelled)
        thread.start()

    def _run(self, write: WriteFiles, cancellable: Cancellable) -> None:
        job = self._job
        assert job is not None  # noqa: S101 - started
        try:
            for staged in write(cancellable):
                job.staged.append(staged)
        except BaseException as error:
            job.error = error
        finally:
            # Django's connections belong to a thread: without this each job would leave one open.
            connection.close()

    @property
    def is_busy(self) -> bool:
        """Whether a job is running, or has ended and waits for ``finish``."""
        return self._job is not None

    def poll(self, target: Any) -> bool:
        """Whether the job has ended and waits for ``finish``. Cancels it if its target is no longer ``target``."""
        job = self._job
        if job is None:
            return False
        if job.target != target:
            job.cancelled.set()
        return not job.thread.is_alive()

    def finish(self, target: Any) -> bool:
        """Puts the job's files in place and returns True, or discards them if they show something else than ``target``.

        Raises the job's own error.
        """
        job = self._job
        assert job is not None  # noqa: S101 - poll has returned True
        job.thread.join()
        self._job = None
        if job.target != target:
            # Its error is dropped too: names may have been erased while the thread was reading them.
            for staged in job.staged:
                staged.discard()
            return False
        for staged in job.staged:
            staged.place()
        if job.error is not None:
            raise job.error
        return True

    def cancel(self) -> None:
        """Stops the job at its next file, waits for that, and discards what it has written."""
        if self._job is not None:
            self._job.cancelled.set()
            self.finish(object())
