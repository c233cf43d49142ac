"""The bare ceiling: a raw ASGI application that does only what accepting a signature needs.

The same strict parse, the same checks, one row in one table of the same SQLite settings, or in the same PostgreSQL
cluster, group commit, the same signed receipt. No Django, no admission rules, no letters. Started by ``bench/sign.py``
under the same granian settings.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import psycopg
import pysqlite3

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, entries, keys, manifest, merkle, receipt, seal

SOURCE = Path(os.environ["CEILING_MANIFEST"]).read_bytes()
MANIFEST = manifest.parse(SOURCE)
LETTER = b64.encode(manifest.letter_id(SOURCE))
KEY = keys.SigningKey(os.urandom(32))
DATABASE = os.environ["CEILING_DATABASE"]
BY = "2030-01-01T00:00:00Z"


LAP = os.environ.get("CEILING_LAP") == "yes"
"""Whether a batch first lets the event loop come to all that has arrived, if the one before had any company: as the
site's committer does."""

# As on the site: without this, the ceiling would be too low.
sys.setswitchinterval(0.0005)


class Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of POST entries."""

    entry: entries.Entry
    object: seal.SignedObject | None = None


Row = tuple[bytes, str, bytes, bytes]
Job = tuple[Row, asyncio.Future[None]]
QUEUE: SimpleQueue[Job] = SimpleQueue()


def commit_for_ever() -> None:
    """Group commit: takes all waiting entries, commits them in one transaction, answers."""
    store = stored_in_postgresql() if DATABASE.startswith("postgresql") else stored_in_sqlite()
    had = 0
    while True:
        jobs = [QUEUE.get()]
        loop = jobs[0][1].get_loop()
        if LAP and had > 1:
            lap = threading.Event()
            loop.call_soon_threadsafe(lap.set)
            lap.wait(0.02)
        try:
            while len(jobs) < 256:
                jobs.append(QUEUE.get_nowait())
        except Empty:
            pass
        had = len(jobs)
        store([row for row, _ in jobs])
        loop.call_soon_threadsafe(resolve, [answer for _, answer in jobs])


def stored_in_sqlite() -> Callable[[list[Row]], None]:
    """Stores rows durably, with the site's own settings."""
    database = pysqlite3.connect(DATABASE, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE entry (leaf BLOB PRIMARY KEY, key TEXT UNIQUE, data BLOB, body BLOB)")

    def store(rows: list[Row]) -> None:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
        database.execute("COMMIT")

    return store


def stored_in_postgresql() -> Callable[[list[Row]], None]:
    """The same on PostgreSQL, each batch in one statement and one round trip; the table exists already."""
    database = psycopg.connect(DATABASE, autocommit=True)
    statement = "INSERT INTO entry SELECT * FROM unnest(%b::bytea[], %b::text[], %b::bytea[], %b::bytea[])"

    def store(rows: list[Row]) -> None:
        database.execute(statement, [list(column) for column in zip(*rows, strict=True)])

    return store


def resolve(answers: list[asyncio.Future[None]]) -> None:
    """Resolves all futures of a batch."""
    for answer in answers:
        answer.set_result(None)


async def accept(body: bytes) -> bytes:
    """Parse, check, store, sign the receipt."""
    posted: Posted = canonical.decode_as(body, Posted)
    entry, value = posted.entry, posted.object
    data = canonical.encode(entry)
    entries.parse(data)
    entries.verify_entry(entry, MANIFEST, LETTER)
    assert isinstance(entry, entries.Sign)
    assert value is not None
    seal.check_object(value, MANIFEST, LETTER, entry.key)
    assert seal.object_hash(value) == entry.object
    answer = asyncio.get_running_loop().create_future()
    QUEUE.put(((merkle.leaf_hash(data), entry.key, data, canonical.encode(value)), answer))
    await answer
    return msgspec.json.encode({"receipt": receipt.make(LETTER, data, BY, KEY)}, order="sorted")


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "lifespan":
        await receive()
        threading.Thread(target=commit_for_ever, daemon=True).start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", scope["method"] == "POST"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = await accept(body) if body else b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
