"""A site in this process: real database file, real keys, real files; a clock that tests turn by hand."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.db import connection

from undersigned.protocol import manifest
from undersigned.web import wiring
from undersigned.web.clerk.clerk import Clerk
from undersigned.web.edge import inclusion
from undersigned.web.ports import World
from undersigned.web.times import moment

from . import people
from .people import Answer, Letter

NOW = 1_800_000_000
_SLUGS = itertools.count(1)


@dataclass
class Clock:
    """Unix seconds, as the test says."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


class Loop:
    """An event loop in its own thread, as a web worker has one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        """Runs a coroutine there and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def close(self) -> None:
        """Ends the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        self.loop.close()


async def _request(application: Any, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    spelt, _, query = path.partition("?")
    lines = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(spelt), "raw_path": spelt.encode(), "query_string": query.encode(), "root_path": "",
        "headers": lines, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    parts = [body[i : i + 10_000] for i in range(0, len(body), 10_000)] or [b""]
    waiting = [{"type": "http.request", "body": p, "more_body": i + 1 < len(parts)} for i, p in enumerate(parts)]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    found = {key.decode().lower(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))


@dataclass
class Site:
    """The site under test. ``call`` is how people reach it; ``clerk`` works when a test says so."""

    application: Any
    loop: Loop
    world: World
    clock: Clock
    clerk: Clerk
    authority: str = "127.0.0.1:8000"
    letters: list[Letter] = field(default_factory=list)

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """One request, whole, and its answer."""
        with_host = {"host": self.authority, **(headers or {})}
        answer: Answer = self.loop.run(_request(self.application, method, path, body, with_host))
        return answer

    def rounds(self, number: int = 2) -> None:
        """The clerk looks at everything a few times."""
        for _ in range(number):
            self.clerk.run_round()

    def wait_for(self, *names: str) -> None:
        """What the clerk's threads of these names make is made; the next round puts it in place."""
        for thread in [thread for thread in threading.enumerate() if thread.name in names]:
            thread.join(timeout=30)

    def draft(self, **how: Any) -> Letter:
        """A letter whose manifest is fixed."""
        slug = f"letter-{os.getpid()}-{next(_SLUGS)}"
        return people.start(self.call, self.world.keys.organiser_token(), self.authority, slug, **how)

    def letter(self, **how: Any) -> Letter:
        """A letter that is open for signature, in the log."""
        letter = self.draft(**how)
        people.approve(letter)
        self.rounds()
        return letter

    def cut(self, letter: Letter, edition: int = 1) -> None:
        """Notice, grace, cut, and the clerk."""
        after = manifest.format_time(moment(self.clock.now + 10))
        answer = people.notice(letter, edition, after)
        assert answer.status == 201, answer.body
        self.clock.now += 20
        answer = people.cut(letter, edition)
        assert answer.status == 201, answer.body
        self.rounds()

    def open_all(self, letter: Letter, wanted: set[str], edition: int = 1, trustees: tuple[int, ...] = (1, 2)) -> None:
        """Trustees open these keys."""
        for trustee in trustees:
            answer = people.open_names(letter, trustee, self.clock.now, wanted, edition)
            assert answer.status == 204, answer.body

    def cosigned(self, letter: Letter, trustees: tuple[int, ...] = (1, 2)) -> None:
        """Trustees cosign what is served."""
        self.rounds()
        for trustee in trustees:
            assert people.cosign(letter, trustee).status == 204
        self.clock.now += 30
        self.rounds()

    def publish(self, letter: Letter, edition: int = 1) -> Answer:
        """The organiser publishes."""
        return letter.post("publish", {"edition": edition}, **letter.auth)

    def make_edition(
        self, letter: Letter, keys: set[str], edition: int = 1, trustees: tuple[int, ...] = (1, 2)
    ) -> None:
        """An edition from notice to publication; two trustees open ``keys``, if there are any, and cosign."""
        self.cut(letter, edition)
        if keys:
            self.open_all(letter, keys, edition, trustees)
        self.cosigned(letter, trustees)
        answer = self.publish(letter, edition)
        assert answer.status == 201, answer.body


@pytest.fixture(scope="session", autouse=True)
def _own_statements() -> None:
    """On PostgreSQL the tests' own thread may write without a transaction, to prepare what they test; the site's
    threads may not."""
    from undersigned.web.database.postgresql.base import DatabaseWrapper

    here = threading.main_thread()
    DatabaseWrapper.guarded = property(lambda _: threading.current_thread() is not here)  # type: ignore[assignment]


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A fresh site: no letters, an open committer, a clerk that works only when a test says so."""
    clock = Clock()
    world = replace(wiring.world_of(settings.DATA), clock=clock)
    monkeypatch.setattr(wiring, "world", lambda: world)
    from undersigned.web.edge import asgi

    # The clerk works only when a test says so, so no batch closes while a public letter's answer waits.
    monkeypatch.setattr(inclusion, "TIMEOUT", 0.1)
    loop = Loop()
    application = asgi.Site()
    application.start()
    yield Site(application, loop, world, clock, Clerk(world))
    application.stop()
    loop.close()


def used_codes(slug: str | None = None) -> set[str]:
    """Token hashes of the codes that have been used, of one letter or of all; on PostgreSQL some are not settled."""
    from undersigned.web.records.models import Code, Use

    where = {} if slug is None else {"letter__slug": slug}
    codes = {row.token_hash for row in Code.objects.filter(used=True, **where)}
    return codes | {row.token_hash for row in Use.objects.filter(**where)}


def on_disk() -> bytes:
    """Every byte that the site and its database keep; of PostgreSQL all but its write-ahead log, which is a promise of
    its operator's (docs/howto/postgresql.md)."""
    roots = [settings.DATA.root]
    files = os.environ.get("UNDERSIGNED_TEST_DATABASE_FILES")
    if files is not None:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        roots.append(Path(files) / "base")
    return b"".join(p.read_bytes() for root in roots for p in root.rglob("*") if p.is_file())
