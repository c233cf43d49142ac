"""Inclusion proofs computed from the tiles: one tile per level, however long the log is."""

from __future__ import annotations

from functools import lru_cache

from undersigned.protocol import tiles
from undersigned.protocol.merkle import node_hash
from undersigned.protocol.tiles import Reader, Tile


class TiledTree:
    """The Merkle tree of a log of ``size`` entries. ``read``: reads a file of the log by its path under ``log/``."""

    def __init__(self, size: int, read: Reader) -> None:
        self._size = size
        self._tile = lru_cache(maxsize=64)(lambda level, number: self._load(read, level, number))

    def _load(self, read: Reader, level: int, number: int) -> list[bytes]:
        width = min(tiles.WIDTH, (self._size >> (8 * level)) - number * tiles.WIDTH)
        return tiles.split_hashes(read(Tile(level, number, width).path), width)

    def _perfect(self, height: int, number: int) -> bytes:
        """The root of the ``number``-th perfect subtree of 2^height leaves."""
        level, bit = divmod(height, 8)
        first = number << bit
        row = self._tile(level, first // tiles.WIDTH)[first % tiles.WIDTH :][: 1 << bit]
        return tiles.subtree_root(row)

    def _root(self, low: int, high: int) -> bytes:
        """The root over leaves ``low`` to ``high`` - 1, where ``low`` begins a subtree of RFC 6962."""
        width = high - low
        if width & (width - 1) == 0:
            return self._perfect(width.bit_length() - 1, low // width)
        middle = low + (1 << (width - 1).bit_length() - 1)
        return node_hash(self._root(low, middle), self._root(middle, high))

    def inclusion(self, index: int) -> list[bytes]:
        """RFC 6962 section 2.1.1: the audit path of leaf ``index``."""
        path: list[bytes] = []
        low, high = 0, self._size
        while high - low > 1:
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            if index < middle:
                path.append(self._root(middle, high))
                high = middle
            else:
                path.append(self._root(low, middle))
                low = middle
        path.reverse()
        return path
