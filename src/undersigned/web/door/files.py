"""Serving files as they lie in ``public/``, and the site's own static files. No database, no Django."""

from __future__ import annotations

import os
import re
from io import FileIO
from pathlib import Path
from typing import Final

from undersigned.web.problems import Problem, not_found

from .body import Headers, Scope, Send, header, respond
from .language import choose, versions_at

# Each part begins with a letter or digit: no "..", and nothing that is still being written.
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+/?|/")
_OPENINGS: Final = re.compile(r"(/[^/]+)/openings/([1-9]\d{0,5})\.jsonl")
_IMMUTABLE: Final = re.compile(r"/[^/]+/log/tile/(?!.*\.p/).*|/static/fonts/.*|/static/scripts/(?!index).*")
# What is typed here is nobody's business but the person's, and what is shown here is shown once.
_SECRET: Final = re.compile(r"/[^/]+/[^/]+/(?:sign|withdraw|edit|counted)/")
_ONE_WORD: Final = re.compile(r"/[A-Za-z0-9][A-Za-z0-9-]*")
_TYPES: Final = {
    ".html": b"text/html; charset=utf-8",
    ".json": b"application/json",
    ".jsonl": b"application/jsonl",
    ".md": b"text/markdown; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
    ".zip": b"application/zip",
    ".pdf": b"application/pdf",
}
_CHUNK: Final = 256 * 1024


def locate(path: str) -> str | None:
    """The file under ``public/`` that is served at a path, without its leading slash; None if there can be none."""
    if not _PATH.fullmatch(path):
        return None
    # An edition and its openings lie in one directory, so that both appear at once and vanish at once.
    openings = _OPENINGS.fullmatch(path)
    if openings:
        return f"{openings[1]}/editions/{openings[2]}/openings.jsonl"[1:]
    return f"{path}index.html"[1:] if path.endswith("/") else path[1:]


def type_of(path: str, file: Path) -> bytes:
    """The content type of ``file``, served at ``path``."""
    if path.endswith("/log/checkpoint"):
        return b"text/plain; charset=utf-8"
    # Tiles have no suffix, but a partial one's name ends in ".p/<width>".
    suffix = "" if "/log/tile/" in path else file.suffix
    return _TYPES.get(suffix, b"application/octet-stream")


class FileDoor:
    """``public``: the data directory's; ``static``: the package's own."""

    def __init__(self, public: Path, static: Path) -> None:
        self._public, self._static = public, static

    def find(self, path: str) -> Path | None:
        """The file served at ``path``, or None."""
        if path.startswith("/static/"):
            name, root = locate(path.removeprefix("/static")), self._static
        else:
            name, root = locate(path), self._public
        if name is None or path.endswith("/openings.jsonl"):
            return None
        file = root / name
        if _ONE_WORD.fullmatch(path) and not file.is_file():
            # An address as people type it, without its slash. Those pages name all they link to from the root.
            file = file / "index.html"
        return file if file.is_file() else None

    async def serve(self, scope: Scope, send: Send, base: Headers) -> bool:
        """Answers if there is a file at the path; returns whether it did. Raises Problem for a wrong method."""
        path = scope["path"]
        file = self.find(path)
        if file is None:
            return False
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", "This address takes GET.", headers={"Allow": "GET, HEAD"})
        if file.name == "index.html" and path != "/":
            # An address without a language: each reader gets the version they can read.
            file = choose(header(scope, b"accept-language"), versions_at(file)) or file
        packed = file.with_name(file.name + ".gz")
        zipped = b"gzip" in (header(scope, b"accept-encoding") or b"") and packed.is_file()
        await self._send(scope, send, base, packed if zipped else file, type_of(path, file), zipped)
        return True

    async def _send(self, scope: Scope, send: Send, base: Headers, file: Path, kind: bytes, zipped: bool) -> None:
        try:
            handle = file.open("rb", buffering=0)
        except FileNotFoundError:
            # Erased between the look and the opening.
            raise not_found() from None
        with handle:
            state = os.fstat(handle.fileno())
            tag = f'"{state.st_ino:x}-{state.st_mtime_ns:x}-{state.st_size:x}"'.encode()
            immutable = _IMMUTABLE.fullmatch(scope["path"]) is not None
            caching = b"public, max-age=31536000, immutable" if immutable else b"no-cache"
            if _SECRET.fullmatch(scope["path"]):
                caching = b"no-store"
            headers = [
                *base,
                (b"etag", tag),
                (b"cache-control", caching),
                (b"vary", b"accept-encoding, accept-language"),
            ]
            if header(scope, b"if-none-match") == tag:
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
            headers.append((b"content-type", kind))
            if scope["path"].startswith("/static/scripts/") and kind.startswith(b"text/html"):
                # The page that works from a file is to be kept and compared, not opened from here.
                headers.append((b"content-disposition", b"attachment; filename=sign.html"))
            if zipped:
                headers.append((b"content-encoding", b"gzip"))
            if scope["method"] == "HEAD":
                lines = [*headers, (b"content-length", str(state.st_size).encode())]
                await send({"type": "http.response.start", "status": 200, "headers": lines})
                await send({"type": "http.response.body", "body": b""})
            elif state.st_size <= _CHUNK:
                await respond(send, 200, headers, handle.read())
            else:
                await self._stream(send, headers, handle, state.st_size)

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
