"""Why a connection failed, in a sentence that says what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from .errors import SlowError, UnreachableError, UntrustedError

_OFFLINE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}


def explain(error: httpx.TransportError, base: str, proxy: str | None) -> UnreachableError:
    """The error to raise for ``error``. ``base``: what was asked; ``proxy``: through which proxy, for people."""
    parts = urlsplit(base)
    host = f"the site {parts.netloc}"
    if isinstance(error, httpx.ReadTimeout):
        return SlowError(f"{host} did not answer in time")
    if isinstance(error, httpx.ProxyError):
        return UntrustedError(
            f"the proxy {proxy} does not connect to {host} ({error}); check its address, name and password"
        )
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UntrustedError(_certificate(parts.hostname or parts.netloc, cause))
        if isinstance(cause, ssl.SSLError):
            return UntrustedError(
                f"{host} does not speak TLS (https) as it should ({cause.reason or 'the connection was closed'}); "
                "check the address and its port"
            )
    return _unconnected(error, f"the proxy {proxy}" if proxy and isinstance(error, httpx.ConnectError) else host)


def _unconnected(error: httpx.TransportError, whom: str) -> UnreachableError:
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            if cause.errno == socket.EAI_AGAIN:
                return UnreachableError(
                    f"{whom} cannot be found just now: its name could not be looked up; is this computer online?"
                )
            return UntrustedError(f"{whom} does not exist: there is no such name; check how the address is spelt")
        if isinstance(cause, ConnectionRefusedError):
            return UnreachableError(f"{whom} refuses connections; check the address, or try again later")
        if isinstance(cause, OSError) and cause.errno in _OFFLINE:
            return UnreachableError(f"there is no way to {whom}; is this computer online?")
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(f"{whom} did not answer in time; try again later")
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError | httpx.WriteError):
        return UnreachableError(f"the connection to {whom} was cut before the answer had come; try again")
    return UnreachableError(f"{whom} cannot be reached ({type(error).__name__}); try again later")


def _certificate(host: str, error: ssl.SSLCertVerificationError) -> str:
    said = (error.verify_message or "it does not verify").rstrip(".")
    if "expired" in said or "not yet valid" in said:
        return f"the certificate of {host} is out of date ({said}); check this computer's clock, or tell the operator"
    if "mismatch" in said or "not valid for" in said:
        return f"the certificate is not one of {host} ({said}); check the address"
    return (
        f"the certificate of {host} is not trusted here ({said}). If you know whose it is, put its authority's "
        "certificate into a file and name that file in SSL_CERT_FILE; otherwise somebody may be reading along"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(10):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
