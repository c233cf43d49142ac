"""Downloads a log's tile and entry files into a directory, incrementally: each file once, for any tree size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from undersigned.protocol import findings, tiles
from undersigned.protocol.errors import LogError
from undersigned.protocol.merkle import HASH_LENGTH
from undersigned.protocol.tiles import WIDTH, Tile

from .errors import UndeliveredError
from .http import Http

_LARGEST: Final = WIDTH * (tiles.MAX_ENTRY + 2)


class LogFiles:
    """The files below ``folder``, a bundle's ``log/``."""

    def __init__(self, http: Http, folder: Path, progress: Callable[[int, int], None] | None = None) -> None:
        self._http, self._folder = http, folder
        self._progress = progress or (lambda _done, _total: None)

    def read(self, path: str) -> bytes:
        """Reads a local file. Raises UndeliveredError if it has not been downloaded."""
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            raise UndeliveredError(f"log/{path} is not there") from None

    def hold(self, size: int) -> None:
        """Downloads what is missing of the log's first ``size`` entries. Raises UndeliveredError, ClientError."""
        total = sum(1 for _ in tiles.each_tile(size))
        for number, tile in enumerate(tiles.each_tile(size), start=1):
            if not (self._folder / tile.path).exists() and not self._cut(tile):
                self._fetch(tile)
            self._progress(number, total)

    def trim(self, size: int) -> None:
        """Removes files beyond the log's first ``size`` entries, and truncates files that hold more."""
        wanted = set()
        for tile in tiles.each_tile(size):
            if not (self._folder / tile.path).exists() and not self._cut(tile):
                raise UndeliveredError(f"log/{tile.path} is not there")
            wanted.add(tile.path)
        for path in sorted(self._folder.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self._folder).as_posix() not in wanted:
                path.unlink()

    def _fetch(self, tile: Tile) -> None:
        """Downloads a tile. Sites may serve only its widest form, of which the others are prefixes (C2SP)."""
        if self._save(tile):
            return
        full = Tile(tile.level, tile.number, WIDTH)
        if tile.width == WIDTH or not self._save(full) or not self._cut(tile):
            raise UndeliveredError(f"the file log/{tile.path} is not there; try again later", 404)

    def _save(self, tile: Tile) -> bool:
        target = self._folder / tile.path
        if not self._http.save(f"log/{tile.path}", target, limit=_LARGEST):
            return False
        number = _count(tile, target.read_bytes())
        if number == tile.width:
            return True
        target.unlink()
        if not number:
            raise UndeliveredError(f"the file log/{tile.path} is incomplete; try again")
        raise LogError(findings.file_entries(path=f"log/{tile.path}", entries=number, expected=tile.width))

    def _cut(self, tile: Tile) -> bool:
        """Makes a tile by truncating a wider one that is already here, if there is one."""
        if tile.width == WIDTH:
            return False
        full = Tile(tile.level, tile.number, WIDTH)
        widths = (int(path.name) for path in (self._folder / f"{full.path}.p").glob("*") if path.name.isdigit())
        wider = [width for width in (*widths, WIDTH) if width > tile.width]
        for width in wider:
            source = self._folder / Tile(tile.level, tile.number, width).path
            if source.is_file():
                found = _parts(Tile(tile.level, tile.number, width), source.read_bytes())[: tile.width]
                target = self._folder / tile.path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(tiles.pack_entries(found) if tile.level < 0 else b"".join(found))
                return True
        return False


def _parts(tile: Tile, data: bytes) -> list[bytes]:
    """Entries or hashes of a tile whose length has been checked."""
    return tiles.unpack_entries(data, tile.width) if tile.level < 0 else tiles.split_hashes(data, tile.width)


def _count(tile: Tile, data: bytes) -> int | None:
    """The number of entries or hashes in a tile; None if the last one is incomplete."""
    if tile.level >= 0:
        return None if len(data) % HASH_LENGTH else len(data) // HASH_LENGTH
    number = position = 0
    while position < len(data):
        position += 2 + int.from_bytes(data[position : position + 2], "big")
        number += 1
    return number if position == len(data) else None
