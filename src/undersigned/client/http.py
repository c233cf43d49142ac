"""HTTP client for one server or letter: size limits, retries with backoff, no redirects (docs/reference/http.md).

Only idempotent requests are retried. Nearly all requests of the protocol are idempotent: posting an entry again returns
the same receipt.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import msgspec

from undersigned.protocol import canonical
from undersigned.protocol.errors import MalformedError

from . import connection_errors, proxies
from .errors import (
    AnswerError,
    BusyError,
    ClientError,
    ProblemError,
    SlowError,
    UndeliveredError,
    UnreachableError,
    UntrustedError,
)
from .rate_limit import GRACE, Budget, RateLimitedTransport, ResponseRate, current_rate
from .response_body import read_bounded

ATTEMPTS: Final = 6
MAX_ANSWER: Final = 16 * 1024 * 1024
"""Size limit of a response kept in memory, in bytes."""
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_PREFIX: Final = "urn:undersigned:problem:"
_PAGE: Final = (b"<!doctype html", b"<html")


class Http:
    """A connection to one server or letter. ``base``: the URL prefix, ending in a slash. Thread-safe."""

    def __init__(
        self,
        base: str,
        *,
        token: str | None = None,
        connections: int = 8,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        proxy: str | None = None,
        budget: Budget | None = None,
        grace: float = GRACE,
    ) -> None:
        self.base = base
        self._pause = pause
        self._proxy = None if proxy is None else proxies.without_password(proxy)
        self._budget, self._grace = budget, grace
        headers = {"User-Agent": "undersigned", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.Client(
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,  # a letter is only at the origin in its manifest
            transport=transport or RateLimitedTransport(proxies.trusted_certificates(base), proxy=proxy, limits=limits),
            trust_env=False,  # an environment variable must not send a signatory's requests through a proxy
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def bypass_caches(self) -> None:
        """Sends ``Cache-Control: no-cache`` from now on, so that caches on the way revalidate."""
        self._client.headers["Cache-Control"] = "no-cache"

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def get(self, path: str, *, limit: int = MAX_ANSWER, headers: dict[str, str] | None = None) -> bytes:
        """GET ``path``. Raises ClientError."""
        return self._retry(lambda: self._send("GET", path, None, headers, limit))

    def find(self, path: str, *, limit: int = MAX_ANSWER) -> bytes | None:
        """GET ``path``; None for 404."""
        try:
            return self.get(path, limit=limit)
        except (ProblemError, UndeliveredError) as error:
            if error.status == 404:
                return None
            raise

    def get_json(self, path: str, *, headers: dict[str, str] | None = None) -> Any:
        """GET ``path`` as JSON."""
        return _json(self.get(path, headers=headers))

    def post(self, path: str, value: object, *, again: bool = True, patience: float = 0) -> Any:
        """POST ``value`` as canonical JSON; returns the response's JSON, or None for an empty response.

        ``again``: whether it may be retried if there was no response, which holds for all actions of the protocol.
        ``patience``: for how many seconds to retry an action that takes long.
        """
        data = canonical.encode(value)
        return self._post(path, data, "application/json", again, patience)

    def post_entry(self, value: object) -> tuple[Any, bool]:
        """POST an entry to the log. Returns the JSON, and whether the log already had this entry (200, not 201).

        It also has it if the first response was lost and the entry was retried.
        """
        data, statuses = canonical.encode(value), list[int]()

        def send() -> bytes:
            return self._send("POST", "entries", data, {"Content-Type": "application/json"}, MAX_ANSWER, statuses)

        answer = self._retry(send)
        return _json(answer) if answer else None, statuses[-1] == 200

    def post_bytes(self, path: str, data: bytes, kind: str) -> Any:
        """POST ``data`` with the content type ``kind``."""
        return self._post(path, data, kind, True)

    def post_text(self, path: str, data: bytes) -> Any:
        """POST ``data`` as ``text/plain``."""
        return self._post(path, data, "text/plain; charset=utf-8", True)

    def _post(self, path: str, data: bytes, kind: str, again: bool, patience: float = 0) -> Any:
        def send() -> bytes:
            return self._send("POST", path, data, {"Content-Type": kind}, MAX_ANSWER)

        answer = self._retry(send, patience) if again else send()
        return _json(answer) if answer else None

    def save(self, path: str, target: Path, *, limit: int) -> bool:
        """Streams ``path`` into the file ``target``; False for 404."""
        try:
            self._retry(lambda: self._save(path, target, limit))
        except (ProblemError, UndeliveredError) as error:
            if error.status == 404:
                return False
            raise
        return True

    def _save(self, path: str, target: Path, limit: int) -> bytes:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._transport(), self._client.stream("GET", self.base + path) as response:
            if response.status_code != 200:
                raise _error_from(
                    path, response.status_code, response.headers, b"".join(read_bounded(response, MAX_ANSWER))
                )
            first = True
            with target.open("wb") as file:
                for chunk in read_bounded(response, limit):
                    if first:
                        _check_kind(path, response, chunk)
                        first = False
                    file.write(chunk)
        return b""

    def _send(
        self,
        method: str,
        path: str,
        data: bytes | None,
        headers: dict[str, str] | None,
        limit: int,
        statuses: list[int] | None = None,
    ) -> bytes:
        """One request; its answer's body. The status is appended to ``statuses``. Raises ProblemError."""
        with (
            self._transport(),
            self._client.stream(method, self.base + path, content=data, headers=headers) as response,
        ):
            body = b"".join(read_bounded(response, limit))
        if response.status_code not in (200, 201, 204):
            raise _error_from(path, response.status_code, response.headers, body)
        if statuses is not None:
            statuses.append(response.status_code)
        if body:
            _check_kind(path, response, body)
        return body

    @contextlib.contextmanager
    def _transport(self) -> Iterator[None]:
        """Context of one request: counts its bytes and converts transport errors to an explained ClientError."""
        before = current_rate.set(ResponseRate(self._grace, self._budget))
        try:
            yield
        except httpx.TransportError as error:
            raise connection_errors.explain_error(error, self.base, self._proxy) from None
        except httpx.InvalidURL:
            raise AnswerError("an address in the response is invalid") from None
        finally:
            current_rate.reset(before)

    def _retry(self, act: Callable[[], bytes], patience: float = 0) -> bytes:
        """Retries ``act`` with exponential backoff while the server is busy or does not respond."""
        deadline = time.monotonic() + patience
        for attempt in itertools.count():
            try:
                return act()
            except UntrustedError:
                raise
            except UnreachableError as error:
                # No retries for a server that cannot be reached at all.
                at_work = isinstance(error, BusyError | SlowError) and time.monotonic() < deadline
                if attempt >= ATTEMPTS - 1 and not at_work:
                    raise
            # Jitter: keeps a thousand waiting clients from retrying at the same moment.
            self._pause(min(0.2 * 2 ** min(attempt, 5), 5.0) * (0.5 + random.random()))  # noqa: S311
        raise AssertionError("unreachable")


def _check_kind(path: str, response: httpx.Response, data: bytes) -> None:
    """Raises UndeliveredError for an HTML page in place of a protocol file."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html" or data[:200].lstrip().lower().startswith(_PAGE):
        raise UndeliveredError(
            f"a web page came instead of {path}, perhaps the log-in page of a network; open the address in a browser, "
            "or try from another network",
            response.status_code,
        )


def _error_from(path: str, status: int, headers: httpx.Headers, body: bytes) -> ClientError:
    """The exception for an error response, whatever its body is."""
    found: Any = None
    is_problem = headers.get("content-type", "").split(";")[0] == "application/problem+json"
    if is_problem:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            found = msgspec.json.decode(body)
    fields = found if isinstance(found, dict) else {}
    kind, title, detail = (str(fields.get(name, ""))[:2000] for name in ("type", "title", "detail"))
    code = kind.removeprefix(_PREFIX) if kind.startswith(_PREFIX) else "unknown"
    if code == "busy" or status in (429, 502, 503, 504):
        return BusyError(detail or "the server is busy; try again in some minutes")
    if code == "unknown" and not is_problem:
        # Not an error of an undersigned server: a proxy or another server responded.
        return UndeliveredError(_describe_other_response(path, status), status)
    if status == 404:
        detail = f"there is nothing at {path}{f' ({detail})' if detail else ''}"
    return ProblemError(code, status, title, detail or f"the server answered with status {status}")


def _describe_other_response(path: str, status: int) -> str:
    """Describes an error response that did not come from an undersigned server, and what to do."""
    if 300 <= status < 400:
        return f"the site redirects {path} ({status}), but a letter is only at its own address; check the address"
    if status == 404:
        return f"there is nothing at {path} (404); check the address"
    if status in (401, 403, 407, 451):
        return f"access to {path} was refused ({status}), perhaps by a filter on the way; try from another network"
    if status >= 500:
        return f"the site failed at {path} ({status}); try again later"
    return f"the site answered {path} with status {status}, which says nothing about the letter; try again later"


def _json(data: bytes) -> Any:
    try:
        return canonical.decode(data, limit=MAX_ANSWER)
    except MalformedError as error:
        raise AnswerError(f"the server's response is not canonical JSON: {error}") from None
