"""How many are let in at once, and when somebody is told to come back instead.

Whoever is let in is answered in a moment; whoever would have to wait longer than people do is told so at once (503 with
Retry-After), before anything was done for them. Nothing here waits without a bound, in number or in time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from undersigned.web.problems import busy

AT_ONCE: Final = 16
"""Requests that Django answers at the same time, each in a thread and on PostgreSQL with a session of its own."""
WAITING: Final = 256
"""Requests that wait for their turn with Django."""
PATIENCE: Final = 10.0
"""Seconds they wait."""
LATE: Final = 2.0
"""Seconds by which the event loop may be behind."""
_BEAT: Final = 0.1


class LoadLimit:
    """So many inside, so many in front of it, for so long."""

    def __init__(self, inside: int = AT_ONCE, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._inside, self._waiting, self._patience = asyncio.Semaphore(inside), waiting, patience
        self._before = 0

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Inside. Raises Problem ``busy`` if too many wait already, or after waiting too long."""
        if self._before >= self._waiting:
            raise busy()
        self._before += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._inside.acquire()
        except TimeoutError:
            raise busy() from None
        finally:
            self._before -= 1
        try:
            yield
        finally:
            self._inside.release()


class LoopMonitor:
    """How far the event loop is behind: it notes the time ten times a second, if it comes to it.

    What is to be done lies in the loop's own queue, which nobody can measure or bound. A thousand signatures that come
    at once are all in it, and take turns at the checks; those whose turn comes too late see it here.
    """

    def __init__(self, late: float = LATE) -> None:
        self._late = late
        self._seen: float | None = None

    def start(self) -> None:
        """Begins. Until then nothing is late. Within the loop."""
        self._seen = time.monotonic()
        asyncio.get_running_loop().call_later(_BEAT, self._again)

    def stop(self) -> None:
        """Ends."""
        self._seen = None

    def _again(self) -> None:
        if self._seen is not None:
            self.start()

    def check(self) -> None:
        """Raises Problem ``busy`` if the loop is so far behind that nothing more should be begun."""
        if self._seen is not None and time.monotonic() - self._seen > self._late + _BEAT:
            raise busy()
