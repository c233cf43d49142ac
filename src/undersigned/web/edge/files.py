"""Serves the files in ``public/`` and the site's static files, without database or Django."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Final

from undersigned.web.edge.body import Headers, Scope, Send, header, respond, respond_empty
from undersigned.web.edge.file_cache import MAX_FILE, FileCache, FileVersion, LargeFileTags, is_match, version_of
from undersigned.web.edge.language import Versions
from undersigned.web.problems import Problem, not_found
from undersigned.web.storage.compression import SUFFIX
from undersigned.web.storage.media_types import caching_headers, type_of

# Each part begins with a letter or digit: that excludes ".." and temporary files, whose names begin with a dot.
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+/?|/")
_OPENINGS: Final = re.compile(r"(/[^/]+)/openings/([1-9]\d{0,5})((?:\.(?:[2-9]|[1-9]\d{1,5}))?\.jsonl)")
_BESIDE: Final = re.compile(r".*/openings(?:\.\d+)?\.jsonl")
_ONE_WORD: Final = re.compile(r"/[A-Za-z0-9][A-Za-z0-9-]*")
_CHUNK: Final = 256 * 1024
_MAX_PATH: Final = 1024
_MAX_NAME: Final = 200
"""Characters of a path, and of a part of it: published files have far shorter ones."""


@lru_cache(maxsize=4096)
def locate(path: str) -> str | None:
    """The file under ``public/`` that is served at a path, without a leading slash; None if there can be none."""
    # File systems reject longer names with another error than "not found".
    if not _PATH.fullmatch(path) or len(path) > _MAX_PATH or any(len(part) > _MAX_NAME for part in path.split("/")):
        return None
    # An edition and its openings are in one directory, so that they appear and disappear together, atomically.
    openings = _OPENINGS.fullmatch(path)
    if openings:
        return f"{openings[1]}/editions/{openings[2]}/openings{openings[3]}"[1:]
    if _BESIDE.fullmatch(path):
        return None
    return f"{path}index.html"[1:] if path.endswith("/") else path[1:]


@dataclass(frozen=True, slots=True)
class Route:
    """Everything about a served file that follows from its path, without a look at the disk."""

    file: str
    compressed: str
    kind: bytes
    caching: tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=4096)
def find_route(path: str, file: str) -> Route:
    """How ``file`` is served at ``path``. Cached: parsing a path costs more than the rest of a response."""
    kind = type_of(path, Path(file))
    return Route(file, file + SUFFIX, kind, caching_headers(path, kind))


def find_version(file: str) -> FileVersion | None:
    """The current version of ``file``; None if there is no such file."""
    try:
        # A single system call: after Path.is_file the file could be gone at the second one.
        state = os.stat(file)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    return version_of(state) if stat.S_ISREG(state.st_mode) else None


class FileServer:
    """Serves two directories. ``public``: the data directory's; ``static``: the package's own."""

    def __init__(self, public: Path, static: Path) -> None:
        self._public, self._static = str(public), str(static)
        self._cache = FileCache()
        self._large = LargeFileTags()
        self._versions = Versions()

    def find(self, path: str) -> str | None:
        """The file to serve at ``path``, whether it exists or not; None if there can be none."""
        if path.startswith("/static/"):
            name, root = locate(path.removeprefix("/static")), self._static
        else:
            name, root = locate(path), self._public
        if name is None:
            return None
        file = f"{root}/{name}"
        if _ONE_WORD.fullmatch(path) and find_version(file) is None:
            # People type a letter's address without the slash. No redirect: those pages use absolute links only.
            file = f"{file}/index.html"
        return file

    async def serve(self, scope: Scope, send: Send, base: Headers) -> bool:
        """Responds if there is a file at the path; returns whether it did. Raises Problem for a wrong method."""
        path = scope["path"]
        file = self.find(path)
        if file is None:
            return False
        if file.endswith("/index.html"):
            # The path names no language: content negotiation.
            file = self._versions.choose(header(scope, b"accept-language"), file) or file
        version = find_version(file)
        if version is None:
            self._cache.forget(file)
            return False
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", "This address accepts GET.", headers={"Allow": "GET, HEAD"})
        route = find_route(path, file)
        headers = [*base, *route.caching]
        if b"gzip" in (header(scope, b"accept-encoding") or b""):
            found = find_version(route.compressed)
            if found is not None and await self._send(scope, send, headers, route, found, gzip=True):
                return True
            # No compressed copy, or it was replaced between stat and open: send the file itself.
        if not await self._send(scope, send, headers, route, version, gzip=False):
            # Erased between stat and open.
            raise not_found()
        return True

    async def _send(
        self, scope: Scope, send: Send, base: Headers, route: Route, version: FileVersion, *, gzip: bool
    ) -> bool:
        """Responds with a file; returns False if it does not exist any more."""
        file, headers = route.compressed if gzip else route.file, list(base)
        cached = self._cache.get(file, version)
        if cached is None:
            try:
                handle = Path(file).open("rb", buffering=0)  # noqa: SIM115 - closed below
            except FileNotFoundError:
                return False
            with handle:
                # It may have been replaced since the stat: take the version of the open file.
                version = version_of(os.fstat(handle.fileno()))
                if version.size > MAX_FILE:
                    kind = [(b"content-type", route.kind)] + [(b"content-encoding", b"gzip")] * gzip
                    await self._send_large(scope, send, headers, kind, handle, (file, version))
                    return True
                cached = self._cache.put(file, version, handle.read())
        headers.append((b"etag", cached.tag))
        if is_match(header(scope, b"if-none-match"), cached.tag):
            await respond_empty(send, 304, headers)
            return True
        headers.append((b"content-type", route.kind))
        if gzip:
            headers.append((b"content-encoding", b"gzip"))
        if scope["method"] == "HEAD":
            await respond_empty(send, 200, [*headers, (b"content-length", str(len(cached.data)).encode())])
        else:
            await respond(send, 200, headers, cached.data)
        return True

    async def _send_large(
        self, scope: Scope, send: Send, base: Headers, kind: Headers, handle: FileIO, opened: tuple[str, FileVersion]
    ) -> None:
        tag, size = self._large.get(*opened), opened[1].size
        headers = base if tag is None else [*base, (b"etag", tag)]
        if is_match(header(scope, b"if-none-match"), tag):
            await respond_empty(send, 304, headers)
            return
        headers = [*headers, *kind]
        if scope["method"] == "HEAD":
            await respond_empty(send, 200, [*headers, (b"content-length", str(size).encode())])
        else:
            await self._stream(send, headers, handle, size)

    async def _stream(self, send: Send, headers: Headers, handle: FileIO, size: int) -> None:
        lines = [*headers, (b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        sent = 0
        while sent < size:
            part = handle.read(min(_CHUNK, size - sent))
            sent += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": sent < size and bool(part)})
            if not part:
                return
