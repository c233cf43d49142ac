"""Single pass over a log: checks its tree, its entries and who is standing, reading each entry bundle once.

Workers hash the bundles and check their entries (``pieces.check``). The results are collected here, in order; an error
is kept until the step that reports it.
"""

from __future__ import annotations

from collections.abc import Collection

from . import entries, findings, merkle, tiles
from .errors import InvalidError, LogError, ProtocolError
from .manifest import Manifest
from .pieces import Checked
from .standing import Standing


class Walk:
    """The walk over a log of ``size`` entries. ``read``: gives its tiles; ``sizes``: where roots are wanted."""

    def __init__(self, manifest: Manifest, size: int, read: tiles.Reader, sizes: Collection[int]) -> None:
        self.standing = Standing(manifest)
        self.roots: dict[int, bytes] = {}
        self.size, self._read, self._sizes = size, read, frozenset(sizes)
        self._frontier = merkle.Frontier()
        self._tops: list[bytes] = []
        self._torn: ProtocolError | None = None
        self._bad: ProtocolError | None = None
        self._refused: ProtocolError | None = None

    def take(self, tile: tiles.Tile, found: Checked) -> bool:
        """Adds the result for the next entry bundle. Returns whether every entry so far is valid by itself."""
        first = tile.number * tiles.WIDTH
        if self._torn is None:
            try:
                tiles.check_tile(tiles.Tile(0, tile.number, tile.width), self._read, found.leaves)
            except ProtocolError as error:
                self._torn = error
        if found.top is not None:
            self._tops.append(found.top)
        self._grow(first, tile.width, found)
        if found.bad is not None and self._bad is None:
            self._bad = InvalidError(findings.entry(index=first + found.bad[0], because=found.bad[1]))
        if self._bad is None and self._refused is None:
            self._fold(found)
        return self._bad is None

    def _grow(self, first: int, width: int, found: Checked) -> None:
        wanted = self._sizes.intersection(range(first + 1, first + width + 1))
        if found.top is not None and not wanted:
            self._frontier.append(found.top, 8)
            return
        for index, leaf in enumerate(tiles.split_hashes(found.leaves, width), start=first + 1):
            self._frontier.append(leaf)
            if index in wanted:
                self.roots[index] = self._frontier.root()

    def _fold(self, found: Checked) -> None:
        standing = self.standing
        try:
            for said in found.said:
                if isinstance(said, bytes):
                    standing.apply(entries.parse_checked(said))
                else:
                    standing.sign(*said)
        except ProtocolError as error:
            self._refused = type(error)(findings.entry(index=standing.size, because=error.finding))

    def check_tree(self, root: bytes) -> None:
        """Raises LogError unless every tile follows from the entries, and ``root`` from the tiles."""
        if self._torn is not None:
            raise self._torn
        tiles.check_hashes(self.size, self._read, self._tops, level=1)
        if self._frontier.root() != root:
            raise LogError(findings.tree_differs())

    def check_entries(self) -> None:
        """Raises InvalidError, naming the first, unless every entry holds by itself."""
        if self._bad is not None:
            raise self._bad

    def check_standing(self) -> Standing:
        """The state after the last entry. Raises, with its index, if an entry is not allowed where it is."""
        if self._refused is not None:
            raise self._refused
        return self.standing
