"""The ASGI application: serves files and signatories' requests, and passes other requests to Django.

Published files and what signatories post are answered here, without Django's request cycle.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "undersigned.web.settings")

import django

django.setup(set_prefix=False)

# ruff: noqa: E402 - what follows needs Django to be set up
from django.conf import settings
from django.core.asgi import get_asgi_application

from undersigned.protocol.manifest import SLUG
from undersigned.web import wiring
from undersigned.web.edge.body import (
    DisconnectedError,
    Headers,
    Receive,
    Scope,
    Send,
    header,
    read_body,
    replay,
    respond,
    respond_empty,
    respond_problem,
)
from undersigned.web.edge.bucket_files import BucketServer
from undersigned.web.edge.cors import ANYBODY, PREFLIGHT, is_shared
from undersigned.web.edge.files import FileServer
from undersigned.web.edge.headers import embedded_headers, is_embedded, security_headers
from undersigned.web.edge.intake import Intake
from undersigned.web.edge.language import choose
from undersigned.web.edge.load_limit import LoadLimit, LoopMonitor
from undersigned.web.edge.routes import is_route, longest_body
from undersigned.web.failures import problem_of
from undersigned.web.letters.fixed_letter import LetterCache
from undersigned.web.problems import Problem
from undersigned.web.process import die_with_parent
from undersigned.web.reader.plain import missing_page
from undersigned.web.reader.words import spoken
from undersigned.web.signing.committer import Committer
from undersigned.web.signing.registrar import make_pool
from undersigned.web.storage.bucket import BucketStorage

# The event loop and the committer thread share the interpreter lock. With Python's default switch interval of 5 ms each
# request waits for the other thread several times; half a millisecond doubles the throughput of a worker.
sys.setswitchinterval(0.0005)

_ACT: Final = re.compile(rf"/({SLUG})/(entries|activate|box)")
_DJANGO: Final = get_asgi_application()
_LONGEST_NAME: Final = 253
"""Longest host name (RFC 1035 section 2.3.4): an error quotes no more of a wrong Host header."""
ALIVE: Final = b'{"status":"ok"}'
AWAY: Final = "The published files cannot be reached now. Try again later."
FAILED: Final = "The server failed. Whether it was kept is not known: send the same again to find out."


class Site:
    """The ASGI application of one web worker, with its committer thread and its thread pools."""

    def __init__(self) -> None:
        world = wiring.world()
        self._host = settings.SITE.hostname.encode()
        self._base: Headers = security_headers()
        self._embedded: Headers = embedded_headers()
        self._shared: Headers = [*self._base, ANYBODY]
        self._files = FileServer(settings.DATA.public, Path(__file__).parents[1] / "static")
        self._missing = {language: missing_page(language) for language in spoken()}
        away = isinstance(world.storage, BucketStorage)
        self._bucket = (
            BucketServer(world.storage, ThreadPoolExecutor(16, thread_name_prefix="bucket")) if away else None
        )
        self._committer = Committer(world.clock, world.reserve)
        self._pool = make_pool()
        self._beat, self._gate = LoopMonitor(), LoadLimit()
        self._intake = Intake(world, LetterCache(world.keys), self._committer, self._pool, self._beat)
        self._acts: dict[str, Callable[..., Awaitable[None]]] = {
            "entries": self._intake.entries,
            "activate": self._intake.activate,
            "box": self._intake.box,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one HTTP request, or the lifespan events of startup and shutdown."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    def start(self) -> None:
        """Starts the committer, so that signatures can be accepted."""
        self._committer.start()

    def stop(self) -> None:
        """Finishes the queued requests, and accepts no more."""
        self._committer.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                die_with_parent()
                self.start()
                self._beat.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        act = _ACT.fullmatch(scope["path"])
        base = self._shared if act or is_shared(scope["path"]) else self._base
        if is_embedded(scope["path"]):
            base = self._embedded
        try:
            if scope["path"] == "/healthz":
                await _say_alive(scope, send, base)
                return
            self._check_host(scope)
            if act and scope["method"] == "OPTIONS":
                # A CORS preflight: a page of another origin asks whether it may post.
                await respond_empty(send, 204, [*base, *PREFLIGHT])
            elif act:
                check_post(scope)
                await self._acts[act[2]](scope, receive, send, act[1], base)
            elif await self._files.serve(scope, send, base):
                return
            elif self._bucket is None or not await self._bucket.serve(scope, send, base):
                if b"text/html" in (header(scope, b"accept") or b"") and not is_route(scope["path"]):
                    # A browser asked for a page that is no route of Django's: an HTML 404.
                    page = [
                        *base,
                        (b"content-type", b"text/html; charset=utf-8"),
                        (b"cache-control", b"no-cache"),
                        (b"vary", b"accept-language"),
                    ]
                    missing = choose(header(scope, b"accept-language"), self._missing)
                    await respond(send, 404, page, missing or b"")
                    return
                await self._rest(scope, receive, send, base)
        except DisconnectedError:
            return
        except Exception as error:
            await respond_problem(send, base, problem_of(error, away=AWAY, failed=FAILED))

    async def _rest(self, scope: Scope, receive: Receive, send: Send, base: Headers) -> None:
        """Django's response. The body is read before the load limit admits the request: a slow client takes no slot."""
        authorized = header(scope, b"authorization") is not None
        body = await read_body(scope, receive, longest_body(scope["path"], authorized=authorized))
        self._beat.check()
        async with self._gate.admit():
            await _DJANGO(cast(dict[str, Any], scope), replay(body, receive), _with_headers(send, base))

    def _check_host(self, scope: Scope) -> None:
        host = (header(scope, b"host") or b"").lower()
        if host != self._host and re.sub(rb":\d+\Z", b"", host) != self._host:
            asked = host[:_LONGEST_NAME].decode("ascii", "replace") or "no name"
            raise Problem(
                "malformed",
                f"The request's Host header says {asked}; this site is {settings.SITE.authority}. If a proxy sent it, "
                "have it pass Host on as it came. Nothing was kept.",
            )


async def _say_alive(scope: Scope, send: Send, base: Headers) -> None:
    """Liveness check: 200 while this worker answers, whatever the Host header, since load balancers send their own.

    Does not query the database. While it is unreachable, every machine still serves the published pages and tells
    signatories to try again later, which it cannot once the balancer has removed it. See ``/healthz/database``.
    """
    if scope["method"] not in ("GET", "HEAD"):
        raise Problem("method-not-allowed", "This address takes GET.", headers={"Allow": "GET, HEAD"})
    headers = [*base, (b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if scope["method"] == "HEAD":
        await respond_empty(send, 200, headers)
    else:
        await respond(send, 200, headers, ALIVE)


def check_post(scope: Scope) -> None:
    """Raises Problem unless the method is POST."""
    if scope["method"] != "POST":
        raise Problem("method-not-allowed", "This address takes POST.", headers={"Allow": "POST"})


def _with_headers(send: Send, base: Headers) -> Callable[[Any], Awaitable[None]]:
    """Adds the missing security headers: Django's responses to malformed requests pass no middleware."""

    async def wrapped(message: Any) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message = {**message, "headers": [*message["headers"], *((n, v) for n, v in base if n not in present)]}
        await send(message)

    return wrapped


application = Site()
