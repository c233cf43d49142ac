"""Binding to ICU's C API: loads the ICU libraries in icu4py's wheel with ctypes.

icu4py itself exposes message patterns only. Collation and the bidirectional algorithm are in the same libraries of the
wheel. The C functions used here are stable between ICU versions; only the suffix of their names is the major version.
An icu4py that was built against the system's ICU lacks these files, and raises IcuError.
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
import icu4py.messageformat  # loads the libraries, so that they find each other wherever the wheel put them

VERSION: Final = icu4py.icu_version
"""ICU's version, which determines message formatting, dates and collation."""

NATIVE: Final = f"utf-16-{sys.byteorder[0]}e"
"""ICU's string encoding (UTF-16 in native byte order), as a Python codec."""
_FILES: Final = {
    "common": re.compile(r"(?:lib)?icuuc[-.\d].*(?:\.so|\.dylib|\.dll)(?:\.[\d.]+)?"),
    "rules": re.compile(r"(?:lib)?icu(?:i18n|in)[-.\d].*(?:\.so|\.dylib|\.dll)(?:\.[\d.]+)?"),
}


class IcuError(Exception):
    """ICU is not the copy in the wheel, or a call failed."""


class Status(Protocol):
    """ICU's error code (``UErrorCode``): greater than 0 is a failure."""

    value: int


@cache
def _library(which: str) -> ctypes.CDLL:
    found = [file for file in metadata.files("icu4py") or () if _FILES[which].fullmatch(file.name)]
    if len(found) != 1:
        raise IcuError(
            "icu4py was not installed from its wheel, and would use the system's ICU, whose rules differ from machine "
            "to machine: pip install --force-reinstall --only-binary icu4py icu4py"
        )
    # PyDLL keeps the GIL: the calls are short, and no other thread may touch the buffers meanwhile.
    return ctypes.PyDLL(str(found[0].locate()))


def function(which: str, name: str, result: Any, takes: Sequence[Any]) -> Callable[..., Any]:
    """ICU's C function ``name``, from the library ``common`` (characters) or ``rules`` (i18n)."""
    found = _library(which)[f"{name}_{VERSION.partition('.')[0]}"]
    found.restype, found.argtypes = result, list(takes)
    return found


def new_status() -> Any:
    """A new error code, to pass by reference."""
    return ctypes.c_int(0)


def check_status(said: Status, asked: str) -> None:
    """Raises IcuError if the call failed. Warnings (such as a fallback to another language's rules) are ignored."""
    if said.value > 0:
        raise IcuError(f"ICU {VERSION} refused {asked}: error {said.value}")


def require() -> None:
    """Raises IcuError unless ICU is the copy in the wheel. Call it at startup, so that it fails early."""
    for which in _FILES:
        _library(which)


@cache
def unicode_version() -> str:
    """The version of Unicode that ICU implements: ``"17.0"``."""
    four = (ctypes.c_uint8 * 4)()
    function("common", "u_getUnicodeVersion", None, [ctypes.c_uint8 * 4])(four)
    return f"{four[0]}.{four[1]}"
