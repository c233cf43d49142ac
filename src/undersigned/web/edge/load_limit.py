"""Backpressure: bounded concurrency, bounded queue and bounded wait; 503 with Retry-After beyond them.

A request that is admitted gets its response soon. One that would wait longer than people do is refused at once, before
any work is done for it. Nothing here waits without a bound, in number or in time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from undersigned.web.problems import busy

MAX_CONCURRENT: Final = 16
"""Requests that Django handles at the same time, each in a thread, and on PostgreSQL in a session, of its own."""
MAX_QUEUED: Final = 256
"""Requests that wait for Django."""
MAX_WAIT: Final = 10.0
"""Seconds that one waits."""
MAX_LAG: Final = 2.0
"""Seconds by which the event loop may be behind."""
_INTERVAL: Final = 0.1


class LoadLimit:
    """Bounded concurrency, queue and wait time."""

    def __init__(self, concurrent: int = MAX_CONCURRENT, queued: int = MAX_QUEUED, wait: float = MAX_WAIT) -> None:
        self._slots, self._max_queued, self._wait = asyncio.Semaphore(concurrent), queued, wait
        self._queued = 0

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Holds a slot. Raises Problem ``busy`` at once if the queue is full, or after waiting too long."""
        if self._queued >= self._max_queued:
            raise busy()
        self._queued += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError:
            raise busy() from None
        finally:
            self._queued -= 1
        try:
            yield
        finally:
            self._slots.release()


class LoopMonitor:
    """Measures how far the event loop lags behind: a timer notes the time ten times a second.

    The loop's own queue can be neither measured nor bounded. A thousand signatures that arrive at once are all in it;
    those whose turn comes too late are refused by ``check``.
    """

    def __init__(self, max_lag: float = MAX_LAG) -> None:
        self._max_lag = max_lag
        self._seen: float | None = None

    def start(self) -> None:
        """Starts the timer; until then the lag is 0. Call it in the event loop."""
        self._seen = time.monotonic()
        asyncio.get_running_loop().call_later(_INTERVAL, self._restart)

    def stop(self) -> None:
        """Stops the timer."""
        self._seen = None

    def _restart(self) -> None:
        if self._seen is not None:
            self.start()

    def check(self) -> None:
        """Raises Problem ``busy`` if the loop lags so far behind that no new work should start."""
        if self._seen is not None and time.monotonic() - self._seen > self._max_lag + _INTERVAL:
            raise busy()
