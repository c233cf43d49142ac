"""Work beside the clerk's rounds: what takes a large letter a minute is made in a thread, and the log goes on.

What is made shows the letter as it was when the work began. Whoever holds the rounds says what must be shown now, when
the work is done: it is put in place if it shows that, else thrown away (ADR 0051, 0072).
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

Watched = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]
"""Gives the same files; once they are not wanted any more, to ask for one raises GivenUpError."""
Make = Callable[[Watched], Iterable[Staged]]
"""Makes files and directories that are not at their places yet. Asks for what they are made of through its argument."""


class GivenUpError(Exception):
    """What was being made is not wanted any more."""


@dataclass
class _Work:
    """``of``: what it shows, to be compared when it is done."""

    of: Any
    thread: threading.Thread
    unwanted: threading.Event
    made: list[Staged] = field(default_factory=list)
    failed: BaseException | None = None


class BackgroundWork:
    """One piece of work at a time. ``name``: of its thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: _Work | None = None

    def begin(self, of: Any, make: Make) -> None:
        """Begins. ``of``: what will be shown; ``make`` runs in the thread."""
        unwanted = threading.Event()

        def wanted(files: Mapping[str, bytes], path: str) -> bytes:
            if unwanted.is_set():
                raise GivenUpError
            return files[path]

        def watched(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
            return LazyFiles({path: partial(wanted, files, path) for path in files})

        # Ends with the process: what it leaves half written is cleared away at the next start.
        thread = threading.Thread(target=self._run, args=(make, watched), name=self._name, daemon=True)
        self._work = _Work(of, thread, unwanted)
        thread.start()

    def _run(self, make: Make, watched: Watched) -> None:
        work = self._work
        assert work is not None  # noqa: S101 - begun
        try:
            for staged in make(watched):
                work.made.append(staged)
        except BaseException as error:
            work.failed = error
        finally:
            connection.close()

    @property
    def busy(self) -> bool:
        """Whether something is in the making, or made and not settled."""
        return self._work is not None

    def done(self, now: Any) -> bool:
        """Whether something is made, or has failed, and is to be settled. If it shows something else it is given up."""
        work = self._work
        if work is None:
            return False
        if work.of != now:
            work.unwanted.set()
        return not work.thread.is_alive()

    def settle(self, now: Any) -> bool:
        """Puts what is done in its place and returns True; or throws it away, if it shows something else than ``now``.

        Raises what went wrong while it was made.
        """
        work = self._work
        assert work is not None  # noqa: S101 - done
        work.thread.join()
        self._work = None
        if work.of != now:
            # Also if it failed: names may have been erased under its hands.
            for staged in work.made:
                staged.discard()
            return False
        for staged in work.made:
            staged.place()
        if work.failed is not None:
            raise work.failed
        return True

    def leave(self) -> None:
        """Throws away whatever is in the making, as soon as its next file is due."""
        if self._work is not None:
            self._work.unwanted.set()
            self.settle(object())
