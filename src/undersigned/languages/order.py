"""Collation: sorts names by each language's rules (UCA with CLDR tailoring). For display only.

The order is the same on every page, in print and on every machine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, Final, TypeVar

from .library import NATIVE, check_status, function, new_status

T = TypeVar("T")

_ROOM: Final = 1024
"""Buffer for a sort key in bytes; longer keys need a second call."""


@cache
def _collator(language: str) -> Any:
    opened = function("rules", "ucol_open", ctypes.c_void_p, [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)])
    said = new_status()
    found = opened(language.encode("ascii", "replace"), ctypes.byref(said))
    check_status(said, f"the order of names in {language!r}")
    return ctypes.c_void_p(found)  # never freed: cached for the life of the process


@cache
def _key_of() -> Callable[..., int]:
    takes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32]
    return function("rules", "ucol_getSortKey", ctypes.c_int32, takes)


def sorter(language: str) -> Callable[[str], bytes]:
    """Returns a function that computes sort keys for ``language`` (a tag).

    Not thread-safe. A language without its own rules uses CLDR's root collation.
    """
    return partial(_key, _key_of(), _collator(language), ctypes.create_string_buffer(_ROOM))


def _key(key_of: Callable[..., int], collator: Any, room: ctypes.Array[ctypes.c_char], text: str) -> bytes:
    units = text.encode(NATIVE, "surrogatepass")
    size = key_of(collator, units, len(units) // 2, room, _ROOM)
    if size > _ROOM:
        room = ctypes.create_string_buffer(size)
        size = key_of(collator, units, len(units) // 2, room, size)
    return ctypes.string_at(room, size)


def sort_names(rows: Iterable[T], language: str, name: Callable[[T], str]) -> list[T]:
    """Sorts ``rows`` by ``name`` in ``language``; stable, so equal names keep their order."""
    key = sorter(language)
    return sorted(rows, key=lambda row: key(name(row)))
