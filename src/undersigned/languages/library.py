"""The ICU library itself: the one that icu4py's wheel brings, called through its C interface.

icu4py speaks for ICU's message patterns only. Collation and the bidirectional algorithm lie in the same files of the
same wheel, and ICU keeps the C functions used here as they are from version to version; only their names end in the
major version. An icu4py that was built against the system's ICU has no such files, and is refused.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from typing import Any, Final, Protocol

import icu4py
import icu4py.messageformat  # loads the libraries, so that they find each other wherever the wheel has put them

VERSION: Final = icu4py.icu_version
"""ICU's version: decides what patterns and dates say, and the order of names."""

NATIVE: Final = f"utf-16-{sys.byteorder[0]}e"
"""How ICU keeps text, for Python's codecs."""
_FILES: Final = {
    "common": re.compile(r"(?:lib)?icuuc[-.\d].*(?:\.so|\.dylib|\.dll)(?:\.[\d.]+)?"),
    "rules": re.compile(r"(?:lib)?icu(?:i18n|in)[-.\d].*(?:\.so|\.dylib|\.dll)(?:\.[\d.]+)?"),
}


class IcuError(Exception):
    """ICU is not there as its wheel brings it, or it refused what it was asked."""


class Status(Protocol):
    """Where ICU says how a call went (``UErrorCode``): more than 0 is a failure."""

    value: int


@cache
def _library(which: str) -> ctypes.CDLL:
    found = [file for file in metadata.files("icu4py") or () if _FILES[which].fullmatch(file.name)]
    if len(found) != 1:
        raise IcuError(
            "icu4py was not installed from its wheel, and would use the system's ICU, whose rules differ from machine "
            "to machine: pip install --force-reinstall --only-binary icu4py icu4py"
        )
    # PyDLL: the calls are short, and a buffer is theirs until they return.
    return ctypes.PyDLL(str(found[0].locate()))


def function(which: str, name: str, result: Any, takes: Sequence[Any]) -> Callable[..., Any]:
    """ICU's C function ``name``, of its library ``common`` (characters) or ``rules`` (languages)."""
    found = _library(which)[f"{name}_{VERSION.partition('.')[0]}"]
    found.restype, found.argtypes = result, list(takes)
    return found


def status() -> Any:
    """A fresh status, to hand to a call by reference."""
    return ctypes.c_int(0)


def checked(said: Status, asked: str) -> None:
    """Raises IcuError if a call failed. Warnings (a fallback to another language's rules) are none."""
    if said.value > 0:
        raise IcuError(f"ICU {VERSION} refused {asked}: error {said.value}")


def require() -> None:
    """Raises IcuError unless ICU is there as its wheel brings it: at a start, rather than at the first sorted name."""
    for which in _FILES:
        _library(which)


@cache
def unicode_version() -> str:
    """The version of Unicode that ICU knows characters by: ``"17.0"``."""
    four = (ctypes.c_uint8 * 4)()
    function("common", "u_getUnicodeVersion", None, [ctypes.c_uint8 * 4])(four)
    return f"{four[0]}.{four[1]}"
