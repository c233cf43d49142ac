"""Serves published files from a bucket, if no proxy does: one request to the bucket for each request here."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from pathlib import Path

from undersigned.web.edge.body import Headers, Scope, Send, header, respond, respond_empty
from undersigned.web.edge.file_cache import is_match, tag_of
from undersigned.web.edge.files import locate
from undersigned.web.ports import Storage
from undersigned.web.problems import Problem
from undersigned.web.storage.media_types import caching_headers, type_of


class BucketServer:
    """Serves files from a bucket. ``pool``: threads that may block on it."""

    def __init__(self, storage: Storage, pool: Executor) -> None:
        self._storage, self._pool = storage, pool

    async def serve(self, scope: Scope, send: Send, base: Headers) -> bool:
        """Responds if there is a file at the path; returns whether it did. Raises StorageAwayError, Problem."""
        path = scope["path"]
        name = locate(path)
        if name is None or scope["method"] not in ("GET", "HEAD", "POST"):
            return False
        data = await asyncio.get_running_loop().run_in_executor(self._pool, self._storage.get, name)
        if data is None:
            return False
        if scope["method"] == "POST":
            raise Problem("method-not-allowed", "This address accepts GET.", headers={"Allow": "GET, HEAD"})
        kind = type_of(path, Path(name))
        tag = tag_of(data)
        headers = [*base, *caching_headers(path, kind), (b"etag", tag)]
        if is_match(header(scope, b"if-none-match"), tag):
            await respond_empty(send, 304, headers)
        elif scope["method"] == "HEAD":
            lines = [*headers, (b"content-type", kind), (b"content-length", str(len(data)).encode())]
            await respond_empty(send, 200, lines)
        else:
            await respond(send, 200, [*headers, (b"content-type", kind)], data)
        return True
