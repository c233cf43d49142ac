"""Files that are made one at a time, when somebody asks for them: all of a large letter's together fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

Maker = Callable[[], bytes]
"""Makes one file."""


class LazyFiles(Mapping[str, bytes]):
    """Files by path, each made when it is asked for, and again when it is asked for again."""

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
    """A file that is already there."""
    return lambda: data
