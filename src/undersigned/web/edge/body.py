"""ASGI helpers without a framework: read a request body with limits on size and time, send a response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from undersigned.web.problems import CONTENT_TYPE, KEPT_NOTHING, MAX_BODY, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MAX_PAUSE: Final = 20.0
"""Seconds a body may pause."""
MAX_DURATION: Final = 60.0
"""Seconds a body may take."""


class DisconnectedError(Exception):
    """The client disconnected before its request was complete."""


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header called ``name`` (lower case)."""
    return next((value for key, value in scope["headers"] if key == name), None)


def check_type(scope: Scope, expected: bytes) -> None:
    """Raises Problem unless the request's content type is ``expected``."""
    found = (header(scope, b"content-type") or b"").partition(b";")[0].strip().lower()
    if found != expected:
        raise Problem("unsupported-type", f"The body must be {expected.decode()}. {KEPT_NOTHING}")


async def read_body(scope: Scope, receive: Receive, limit: int = MAX_BODY) -> bytes:
    """Reads the whole body. Raises Problem if it is longer than ``limit`` bytes or does not arrive in time,
    DisconnectedError if the client goes away."""
    announced = header(scope, b"content-length")
    if announced is not None and (not announced.isdigit() or int(announced) > limit):
        raise _too_large(limit)
    parts: list[bytes] = []
    size, until = 0, asyncio.get_running_loop().time() + MAX_DURATION
    while True:
        message = await _next(receive, until)
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` for the next application: first the body that was read already, then the client's messages."""
    given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return given.pop() if given else await receive()

    return receive_again


async def _next(receive: Receive, until: float) -> Message:
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(now + MAX_PAUSE, until)):
            return await receive()
    except TimeoutError:
        raise Problem(
            "malformed", f"The body did not arrive. {KEPT_NOTHING}", headers={"Connection": "close"}
        ) from None


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The body is larger than {limit // 1024} KiB. {KEPT_NOTHING}")


async def respond(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    """Sends a response with its whole body."""
    lines = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def respond_empty(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Sends a response without a body: 204, 304, or one to HEAD."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b""})


async def respond_problem(send: Send, base: Headers, problem: Problem) -> None:
    """Sends ``problem`` as problem+json."""
    extra = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    lines = [*base, *extra, (b"content-type", CONTENT_TYPE.encode()), (b"cache-control", b"no-store")]
    await respond(send, problem.status, lines, problem.body())
