"""Rate and time limits for responses: a server cannot stall a client by sending byte by byte (slow-loris in reverse).

httpx has a timeout per read only: one byte every two seconds never times out, in a body or in the headers. Here every
byte from the network is counted, below the buffers of TLS and HTTP.
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
"""Seconds in which a response may be arbitrarily slow."""
RATE: Final = 256
"""Minimum average rate in bytes per second after that. A modem of 1984 was as fast."""
_now: Callable[[], float] = time.monotonic


@dataclass
class Budget:
    """The limits on everything that is downloaded together: ``seconds`` from now, and ``size`` in bytes."""

    seconds: float
    size: int
    _until: float = field(init=False)
    _got: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._until = _now() + self.seconds

    def take(self, got: int) -> None:
        """Counts ``got`` bytes. Raises UndeliveredError when the total size or time is exceeded."""
        self._got += got
        if self._got > self.size:
            raise UndeliveredError(f"the site sent more than {self.size / 2**30:.0f} GiB: stopped")
        if _now() > self._until:
            raise UndeliveredError(
                f"the download took longer than {self.seconds:.0f} seconds: stopped; allow more with --timeout"
            )


class ResponseRate:
    """The rate of one response."""

    def __init__(self, grace: float, budget: Budget | None) -> None:
        self._began, self._grace, self._got, self._budget = _now(), grace, 0, budget

    def take(self, got: int) -> None:
        """Counts ``got`` bytes. Raises UndeliveredError when the average rate is too low."""
        self._got += got
        if self._budget is not None:
            self._budget.take(got)
        late = _now() - self._began - self._grace
        if late > 0 and self._got < late * RATE:
            raise UndeliveredError("the site sends its response too slowly; try again later, or from another network")


current_rate: ContextVar[ResponseRate | None] = ContextVar("current_rate", default=None)
"""The rate limit of the response that this thread is waiting for."""


class _Stream(httpcore.NetworkStream):
    """A connection that counts its bytes."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, timeout)
        current = current_rate.get()
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
    """A network backend whose connections count their bytes."""

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


class RateLimitedTransport(httpx.HTTPTransport):
    """httpx's transport over connections that count their bytes. ``proxy``: None for none."""

    def __init__(self, context: ssl.SSLContext, *, proxy: str | None, limits: httpx.Limits) -> None:
        super().__init__(verify=context, trust_env=False, proxy=proxy, limits=limits)
        # httpx's pool takes no custom backend, and there is no other place to count bytes as they arrive: replace it.
        self._pool._network_backend = _Backend(self._pool._network_backend)
