"""Making a letter's bundle, and for a large letter beside the clerk's rounds: meanwhile the log goes on (ADR 0051)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.db import connection

from undersigned.protocol.standing import Standing
from undersigned.web.editions.assemble import assemble, write_zip
from undersigned.web.letters.known import KnownLetter
from undersigned.web.log.models import Checkpoint
from undersigned.web.ports import Staged, Storage, World

AT_ONCE: Final = 20_000
"""Entries up to which a bundle is made between two rounds: some 30 microseconds each, so nobody waits a second."""


def is_large(size: int) -> bool:
    """Whether the bundle of a log of so many entries is made beside the rounds."""
    return size > AT_ONCE


def place_bundle(letter: KnownLetter, checkpoint: Checkpoint, standing: Standing, world: World) -> None:
    """Puts ``bundle.zip`` in place, and a public letter's ``objects.jsonl``."""
    files = assemble(letter, checkpoint, standing, world.storage)
    try:
        for staged in _stage(letter, files, world.storage):
            staged.place()
    except OSError:
        # No room: the one that is there may name people who have to be gone. It goes, and makes room.
        remove_bundle(letter, world.storage)
        raise


def remove_bundle(letter: KnownLetter, storage: Storage) -> None:
    """Takes the bundle away: no bundle is better than one with a name that has to be gone."""
    storage.delete(f"{letter.slug}/bundle.zip")


def _stage(letter: KnownLetter, files: Mapping[str, bytes], storage: Storage) -> Iterator[Staged]:
    """The small file first: where there is no room for the bundle, records that have to be gone are gone."""
    if "objects.jsonl" in files:
        yield storage.stage(f"{letter.slug}/objects.jsonl", lambda file: file.write(files["objects.jsonl"]))
    yield storage.stage(f"{letter.slug}/bundle.zip", partial(write_zip, files))


@dataclass
class _Work:
    """A bundle in the making. ``of``: what it shows, to be compared when it is done."""

    of: Any
    thread: threading.Thread
    made: list[Staged] = field(default_factory=list)
    failed: BaseException | None = None


class Bundler:
    """One letter's bundle, made in a thread of its own and put in place by whoever holds the rounds."""

    def __init__(self, letter: KnownLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._work: _Work | None = None

    def begin(self, checkpoint: Checkpoint, standing: Standing, of: Any) -> None:
        """Begins one. What goes into it is settled now; only the bytes are made later."""
        files = assemble(self._letter, checkpoint, standing, self._world.storage)
        # Ends with the process: what it leaves half written is cleared away at the next start.
        thread = threading.Thread(target=self._make, args=(files,), name="bundler", daemon=True)
        self._work = _Work(of, thread)
        thread.start()

    def _make(self, files: Mapping[str, bytes]) -> None:
        work = self._work
        assert work is not None  # noqa: S101 - begun
        try:
            for staged in _stage(self._letter, files, self._world.storage):
                work.made.append(staged)
        except BaseException as error:
            work.failed = error
        finally:
            connection.close()

    @property
    def busy(self) -> bool:
        """Whether one is in the making, or made and not settled."""
        return self._work is not None

    @property
    def done(self) -> bool:
        """Whether one is made, or has failed, and is to be settled."""
        return self._work is not None and not self._work.thread.is_alive()

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
            remove_bundle(self._letter, self._world.storage)
            raise work.failed
        return True
