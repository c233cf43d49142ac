"""Compresses a served file with gzip when it is written, so that no request has to."""

from __future__ import annotations

import gzip
from pathlib import PurePath
from typing import Final

SUFFIX: Final = ".gz"
_COMPRESSIBLE: Final = frozenset({".html", ".json", ".md", ".svg", ".atom", ".css", ".js"})
"""Not tiles, bundles and openings: they are hashes, keys and signatures, which cost seconds and save little."""
_MIN_SIZE: Final = 512
"""Bytes. In a smaller file, such as the count, a response's headers outweigh what is saved."""


def compress(path: str, data: bytes) -> bytes | None:
    """``data`` as gzip, deterministically; None if it is not worth it."""
    if PurePath(path).suffix not in _COMPRESSIBLE or len(data) < _MIN_SIZE:
        return None
    compressed = gzip.compress(data, compresslevel=6, mtime=0)
    return compressed if len(compressed) < 0.9 * len(data) else None
