"""The order in which people look for names: each language's own (Unicode collation, CLDR's rules). For display only.

The same names stand in the same order on every page, in print and on every machine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, Final, TypeVar

from .library import NATIVE, checked, function, status

T = TypeVar("T")

_ROOM: Final = 1024
"""Bytes of most sort keys; a longer one is asked for twice."""


@cache
def _collator(language: str) -> Any:
    opened = function("rules", "ucol_open", ctypes.c_void_p, [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)])
    said = status()
    found = opened(language.encode("ascii", "replace"), ctypes.byref(said))
    checked(said, f"the order of names in {language!r}")
    return ctypes.c_void_p(found)  # for as long as the program runs


@cache
def _key_of() -> Callable[..., int]:
    takes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32]
    return function("rules", "ucol_getSortKey", ctypes.c_int32, takes)


def sorter(language: str) -> Callable[[str], bytes]:
    """Gives the sort key of a text among texts sorted as ``language`` (a tag) sorts them.

    Not to be shared between threads. A language without rules of its own has those of all (CLDR's root).
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
    """``rows`` by ``name``, as a reader of ``language`` expects them; equal names keep their order."""
    key = sorter(language)
    return sorted(rows, key=lambda row: key(name(row)))
