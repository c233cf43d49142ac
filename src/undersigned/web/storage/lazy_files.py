"""Lazy mapping of files: each is made when it is read, because a large letter's files do not fit in memory together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

Maker = Callable[[], bytes]
"""Makes one file."""


class LazyFiles(Mapping[str, bytes]):
    """Files by path. Nothing is cached: a file that is read twice is made twice."""

    def __init__(self, makers: Mapping[str, Maker]) -> None:
        self._makers = dict(makers)

    def __getitem__(self, path: str) -> bytes:
        return self._makers[path]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, path: object) -> bool:
        return path in self._makers


def given(data: bytes) -> Maker:
    """The maker of a file whose bytes are in memory already."""
    return lambda: data
