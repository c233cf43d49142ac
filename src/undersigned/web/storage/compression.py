"""Compressing a file once, when it is written, for everybody who will read it."""

from __future__ import annotations

import gzip
from pathlib import PurePath
from typing import Final

SUFFIX: Final = ".gz"
_WORTH: Final = frozenset({".html", ".json", ".md", ".svg", ".atom", ".css", ".js"})
"""Tiles, bundles and openings are hashes, keys and signatures: they would cost seconds and save little."""
_FLOOR: Final = 512
"""Bytes below which the headers of an answer outweigh what is saved: the count stays as it is."""


def pack(path: str, data: bytes) -> bytes | None:
    """``data`` as gzip, the same bytes each time; None if ``path`` is not worth it."""
    if PurePath(path).suffix not in _WORTH or len(data) < _FLOOR:
        return None
    packed = gzip.compress(data, compresslevel=6, mtime=0)
    return packed if len(packed) < 0.9 * len(data) else None
