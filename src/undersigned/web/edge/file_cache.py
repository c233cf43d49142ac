"""In-memory cache of small served files, validated against the file on disk at every request.

Every request calls ``stat``, so that an erased file is never served from the cache: that costs two microseconds,
opening and reading the file twenty.

An ETag is a hash of the content alone. Made of inode, time and size, it would tell when each file was written, and so
when each batch, or each signature of a public letter, came in (docs/adr/0075).
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_FILE: Final = 256 * 1024
"""Bytes of the largest file that is cached."""
MAX_TOTAL: Final = 32 * 1024 * 1024
"""Bytes cached in one web worker, in total."""
_MAX_TAGS: Final = 4096
"""How many large files' ETags are cached."""
_CHUNK: Final = 1024 * 1024
_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Identifies one version of a file; never sent to a client. Files are replaced and not written into, so a new
    version has a new inode. ``changed``: ctime, which unlike mtime cannot be set."""

    inode: int
    changed: int
    size: int


def version_of(state: os.stat_result) -> FileVersion:
    """The version that a ``stat`` result describes."""
    return FileVersion(state.st_ino, state.st_ctime_ns, state.st_size)


def tag_of(data: bytes) -> bytes:
    """The ETag of a response's content."""
    return _format_tag(hashlib.sha256(data))


def _format_tag(digest: hashlib._Hash) -> bytes:
    return f'"{digest.hexdigest()[:32]}"'.encode()


def is_match(asked: bytes | None, tag: bytes | None) -> bool:
    """Whether If-None-Match matches ``tag``: in a list, as a weak tag (compressing proxies make it one), or by ``*``.

    RFC 9110, 13.1.2. ``tag``: None if the file exists and its tag has not been computed yet.
    """
    if asked is None or asked == tag:
        return asked is not None
    return asked.strip() == b"*" or tag in _TAG.findall(asked)


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file's content and its ETag."""

    data: bytes
    tag: bytes


class FileCache:
    """Contents by path. ``max_total``: bytes in total; when they are exceeded the whole cache is cleared."""

    def __init__(self, max_total: int = MAX_TOTAL) -> None:
        self._max_total, self._used = max_total, 0
        self._files: dict[str, tuple[FileVersion, CachedFile]] = {}

    def get(self, file: str, version: FileVersion) -> CachedFile | None:
        """The file's content, if that version of it is cached."""
        found = self._files.get(file)
        return found[1] if found is not None and found[0] == version else None

    def put(self, file: str, version: FileVersion, data: bytes) -> CachedFile:
        """Caches the content of a version, unless it is too large; returns it with its ETag."""
        cached = CachedFile(data, tag_of(data))
        if len(data) > MAX_FILE or len(data) != version.size:
            return cached
        old = self._files.pop(file, None)
        self._used += len(data) - (len(old[1].data) if old else 0)
        if self._used > self._max_total:
            self._files.clear()
            self._used = len(data)
        self._files[file] = (version, cached)
        return cached

    def forget(self, file: str) -> None:
        """Drops a file that no longer exists."""
        old = self._files.pop(file, None)
        if old is not None:
            self._used -= len(old[1].data)


class LargeFileTags:
    """Cache of the ETags of large files. Hashing one takes as long as reading it, so a background thread does it, one
    file at a time. No request waits for it: until then the file is sent without an ETag."""

    def __init__(self) -> None:
        self._tags: dict[str, tuple[FileVersion, bytes]] = {}
        self._busy = threading.Lock()

    def get(self, file: str, version: FileVersion) -> bytes | None:
        """The ETag, or None if it has not been computed; then the computation is started, unless one is running."""
        found = self._tags.get(file)
        if found is not None and found[0] == version:
            return found[1]
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._compute, args=(file,), name="tags", daemon=True).start()
        return None

    def _compute(self, file: str) -> None:
        try:
            digest = hashlib.sha256()
            with Path(file).open("rb", buffering=0) as handle:
                version = version_of(os.fstat(handle.fileno()))
                while part := handle.read(_CHUNK):
                    digest.update(part)
            if len(self._tags) >= _MAX_TAGS:
                self._tags.clear()
            self._tags[file] = (version, _format_tag(digest))
        except OSError:
            # Erased meanwhile, or the disk fails: the request that reads the file reports it.
            return
        finally:
            self._busy.release()
