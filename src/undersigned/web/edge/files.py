"""Serving files as they lie in ``public/``, and the site's own static files. No database, no Django."""

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
from undersigned.web.edge.file_cache import LARGEST, FileCache, LargeTags, Mark, is_known, mark_of
from undersigned.web.edge.language import Versions
from undersigned.web.problems import Problem, not_found
from undersigned.web.storage.compression import SUFFIX
from undersigned.web.storage.media_types import manner, type_of

# Each part begins with a letter or digit: no "..", and nothing that is still being written.
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+/?|/")
_OPENINGS: Final = re.compile(r"(/[^/]+)/openings/([1-9]\d{0,5})((?:\.(?:[2-9]|[1-9]\d{1,5}))?\.jsonl)")
_BESIDE: Final = re.compile(r".*/openings(?:\.\d+)?\.jsonl")
_ONE_WORD: Final = re.compile(r"/[A-Za-z0-9][A-Za-z0-9-]*")
_CHUNK: Final = 256 * 1024
_LONGEST: Final = 1024
_WIDEST: Final = 200
"""Letters in an address, and in a part of it: what is published has far shorter ones."""


@lru_cache(maxsize=4096)
def locate(path: str) -> str | None:
    """The file under ``public/`` that is served at a path, without its leading slash; None if there can be none."""
    # No file system has such names, and asking for one is an error of another kind than "not there".
    if not _PATH.fullmatch(path) or len(path) > _LONGEST or any(len(part) > _WIDEST for part in path.split("/")):
        return None
    # An edition and its openings lie in one directory, so that both appear at once and vanish at once.
    openings = _OPENINGS.fullmatch(path)
    if openings:
        return f"{openings[1]}/editions/{openings[2]}/openings{openings[3]}"[1:]
    if _BESIDE.fullmatch(path):
        return None
    return f"{path}index.html"[1:] if path.endswith("/") else path[1:]


@dataclass(frozen=True, slots=True)
class Place:
    """All that a path says of what is served there, before anybody looks at the disk."""

    file: str
    packed: str
    kind: bytes
    manner: tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=4096)
def describe_file(path: str, file: str) -> Place:
    """How ``file`` is served at ``path``. Remembered: taking paths apart costs more than all the rest of an answer."""
    kind = type_of(path, Path(file))
    return Place(file, file + SUFFIX, kind, manner(path, kind))


def look(file: str) -> Mark | None:
    """The mark of ``file`` as it is now; None if there is no such file."""
    try:
        # Not Path.is_file and then another look: one question, one answer.
        state = os.stat(file)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    return mark_of(state) if stat.S_ISREG(state.st_mode) else None


class FileServer:
    """``public``: the data directory's; ``static``: the package's own."""

    def __init__(self, public: Path, static: Path) -> None:
        self._public, self._static = str(public), str(static)
        self._kept = FileCache()
        self._large = LargeTags()
        self._versions = Versions()

    def find(self, path: str) -> str | None:
        """The file served at ``path`` if it is there, or None if none can be."""
        if path.startswith("/static/"):
            name, root = locate(path.removeprefix("/static")), self._static
        else:
            name, root = locate(path), self._public
        if name is None:
            return None
        file = f"{root}/{name}"
        if _ONE_WORD.fullmatch(path) and look(file) is None:
            # An address as people type it, without its slash. Those pages name all they link to from the root.
            file = f"{file}/index.html"
        return file

    async def serve(self, scope: Scope, send: Send, base: Headers) -> bool:
        """Answers if there is a file at the path; returns whether it did. Raises Problem for a wrong method."""
        path = scope["path"]
        file = self.find(path)
        if file is None:
            return False
        if file.endswith("/index.html"):
            # An address without a language: each reader gets the version they can read.
            file = self._versions.choose(header(scope, b"accept-language"), file) or file
        mark = look(file)
        if mark is None:
            self._kept.forget(file)
            return False
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", "This address takes GET.", headers={"Allow": "GET, HEAD"})
        place = describe_file(path, file)
        headers = [*base, *place.manner]
        if b"gzip" in (header(scope, b"accept-encoding") or b""):
            found = look(place.packed)
            if found is not None and await self._send(scope, send, headers, place, found, zipped=True):
                return True
            # There is none, or it was replaced between the look and the opening: the file itself is there.
        if not await self._send(scope, send, headers, place, mark, zipped=False):
            # Erased between the look and the opening.
            raise not_found()
        return True

    async def _send(self, scope: Scope, send: Send, base: Headers, place: Place, mark: Mark, *, zipped: bool) -> bool:
        """Answers with a file; False if it has gone."""
        file, headers = place.packed if zipped else place.file, list(base)
        copy = self._kept.get(file, mark)
        if copy is None:
            try:
                handle = Path(file).open("rb", buffering=0)  # noqa: SIM115 - closed below
            except FileNotFoundError:
                return False
            with handle:
                # It may have been replaced since the look: what is opened says what it is.
                mark = mark_of(os.fstat(handle.fileno()))
                if mark.size > LARGEST:
                    kind = [(b"content-type", place.kind)] + [(b"content-encoding", b"gzip")] * zipped
                    await self._send_large(scope, send, headers, kind, handle, (file, mark))
                    return True
                copy = self._kept.keep(file, mark, handle.read())
        headers.append((b"etag", copy.tag))
        if is_known(header(scope, b"if-none-match"), copy.tag):
            await respond_empty(send, 304, headers)
            return True
        headers.append((b"content-type", place.kind))
        if zipped:
            headers.append((b"content-encoding", b"gzip"))
        if scope["method"] == "HEAD":
            await respond_empty(send, 200, [*headers, (b"content-length", str(len(copy.data)).encode())])
        else:
            await respond(send, 200, headers, copy.data)
        return True

    async def _send_large(
        self, scope: Scope, send: Send, base: Headers, kind: Headers, handle: FileIO, known: tuple[str, Mark]
    ) -> None:
        tag, size = self._large.get(*known), known[1].size
        headers = base if tag is None else [*base, (b"etag", tag)]
        if is_known(header(scope, b"if-none-match"), tag):
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
