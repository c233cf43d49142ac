"""Content types and caching headers of served paths, for this server and for the bucket alike."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

_IMMUTABLE: Final = re.compile(r"/[^/]+/log/tile/(?!.*\.p/).*|/static/fonts/.*|/static/scripts/(?!index).*")
# People type codes on these pages, and the withdrawal code is shown on them once: no cache may store them.
_SECRET: Final = re.compile(r"/[^/]+/[^/]+/(?:sign|withdraw|edit|counted)/")
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
    ".png": b"image/png",
    ".atom": b"application/atom+xml",
}
_HASHED: Final = re.compile(r"-[0-9a-f]{16}(?=\.html\Z)")
"""The hash in the names of built files (``frontend/scripts/place.mjs``)."""


def type_of(path: str, file: Path) -> bytes:
    """The content type of ``file``, served at ``path``."""
    if path.endswith(("/log/checkpoint", "/bundle.checkpoint")):
        return b"text/plain; charset=utf-8"
    # Tiles have no suffix, but a partial one's name ends in ".p/<width>".
    suffix = "" if "/log/tile/" in path else file.suffix
    return _TYPES.get(suffix, b"application/octet-stream")


@lru_cache(maxsize=4096)
def caching_headers(path: str, kind: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The response headers for ``path`` that control caching and display."""
    caching = b"public, max-age=31536000, immutable" if _IMMUTABLE.fullmatch(path) else b"no-cache"
    if _SECRET.fullmatch(path):
        caching = b"no-store"
    lines = [(b"cache-control", caching), (b"vary", b"accept-encoding, accept-language")]
    if path.startswith("/static/scripts/") and kind.startswith(b"text/html"):
        # The verifier page that works from a file should be saved and compared by its hash, not opened from here.
        name = _HASHED.sub("", PurePosixPath(path).name)
        lines.append((b"content-disposition", f"attachment; filename={name}".encode()))
    return tuple(lines)
