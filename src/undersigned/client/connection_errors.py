"""Explains connection errors (DNS, TCP, TLS, proxy, timeout) in a sentence that says what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from .errors import SlowError, UnreachableError, UntrustedError

_OFFLINE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}


def explain_error(error: httpx.TransportError, base: str, proxy: str | None) -> UnreachableError:
    """The ClientError for ``error``. ``base``: the requested address; ``proxy``: the one in use, for the message."""
    parts = urlsplit(base)
    host = f"the site {parts.netloc}"
    if isinstance(error, httpx.ReadTimeout):
        return SlowError(f"{host} did not answer in time")
    if isinstance(error, httpx.ProxyError):
        return UntrustedError(
            f"the proxy {proxy} did not connect to {host} ({error}); check its address, user name and password"
        )
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UntrustedError(_explain_certificate(parts.hostname or parts.netloc, cause))
        if isinstance(cause, ssl.SSLError):
            return UntrustedError(
                f"{host} does not answer in TLS (https) ({cause.reason or 'the connection was closed'}); "
                "check the address and the port"
            )
    return _explain_unreachable(
        error, f"the proxy {proxy}" if proxy and isinstance(error, httpx.ConnectError) else host
    )


def _explain_unreachable(error: httpx.TransportError, whom: str) -> UnreachableError:
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            if cause.errno == socket.EAI_AGAIN:
                return UnreachableError(
                    f"{whom} could not be found: the name lookup (DNS) failed; is this computer online?"
                )
            return UntrustedError(f"{whom} does not exist: there is no such host name; check the spelling")
        if isinstance(cause, ConnectionRefusedError):
            return UnreachableError(f"{whom} refuses connections; check the address, or try again later")
        if isinstance(cause, OSError) and cause.errno in _OFFLINE:
            return UnreachableError(f"there is no network route to {whom}; is this computer online?")
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(f"{whom} did not answer in time; try again later")
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError | httpx.WriteError):
        return UnreachableError(f"the connection to {whom} was closed before the response was complete; try again")
    return UnreachableError(f"{whom} cannot be reached ({type(error).__name__}); try again later")


def _explain_certificate(host: str, error: ssl.SSLCertVerificationError) -> str:
    said = (error.verify_message or "verification failed").rstrip(".")
    if "expired" in said or "not yet valid" in said:
        return f"the certificate of {host} is out of date ({said}); check this computer's clock, or tell the operator"
    if "mismatch" in said or "not valid for" in said:
        return f"the certificate is not for {host} ({said}); check the address"
    return (
        f"the certificate of {host} is not trusted on this computer ({said}). If you know its authority, "
        "put the authority's certificate into a file and name that file in SSL_CERT_FILE; otherwise the connection may "
        "be intercepted"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(10):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
