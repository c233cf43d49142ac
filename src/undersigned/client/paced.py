"""Bounds on what a server sends: no answer drips for ever, and all of them together end.

httpx bounds each read by itself, so that a byte every two seconds never times out, in a body or in the headers. Here
every byte from the network is counted, below TLS's and HTTP's own buffers.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import httpcore
import httpx

from .errors import UndeliveredError

GRACE: Final = 30.0
"""Seconds in which an answer may come however slowly."""
RATE: Final = 256
"""Bytes a second that an answer brings on the average after that, at least. A modem of 1984 was as fast."""
_now: Callable[[], float] = time.monotonic


@dataclass
class Budget:
    """What everything that is fetched may take together: ``seconds`` from now, and ``size`` in bytes."""

    seconds: float
    size: int
    _until: float = field(init=False)
    _got: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._until = _now() + self.seconds

    def take(self, got: int) -> None:
        """Counts ``got`` bytes. Raises UndeliveredError once there are too many, or it has taken too long."""
        self._got += got
        if self._got > self.size:
            raise UndeliveredError(f"the site sent more than {self.size / 2**30:.0f} GiB: stopped")
        if _now() > self._until:
            raise UndeliveredError(
                f"fetching took longer than {self.seconds:.0f} seconds: stopped; give it longer with --timeout"
            )


class Pace:
    """How fast one answer comes."""

    def __init__(self, grace: float, budget: Budget | None) -> None:
        self._began, self._grace, self._got, self._budget = _now(), grace, 0, budget

    def take(self, got: int) -> None:
        """Counts ``got`` bytes. Raises UndeliveredError for an answer that drips."""
        self._got += got
        if self._budget is not None:
            self._budget.take(got)
        late = _now() - self._began - self._grace
        if late > 0 and self._got < late * RATE:
            raise UndeliveredError(
                "the site sends its answer so slowly that it would not end; try again later, or from another network"
            )


pace: ContextVar[Pace | None] = ContextVar("pace", default=None)
"""Of the answer that this thread waits for."""


class _Stream(httpcore.NetworkStream):
    """A connection whose bytes are counted."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, timeout)
        current = pace.get()
        if current is not None:
            current.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connections whose bytes are counted."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class PacedTransport(httpx.HTTPTransport):
    """httpx's own transport, over connections whose bytes are counted. ``proxy``: None for none."""

    def __init__(self, context: ssl.SSLContext, *, proxy: str | None, limits: httpx.Limits) -> None:
        super().__init__(verify=context, trust_env=False, proxy=proxy, limits=limits)
        # httpx hands its pool no backend of ours, and has no other place where bytes can be counted as they come.
        self._pool._network_backend = _Backend(self._pool._network_backend)
