"""The byte strings that a name may be stored as: every encoding a program, a database or a log might use."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 8
"""Minimum length of a needle in bytes: shorter ones would be found by chance."""
_BASE64: Final[tuple[Callable[[bytes], bytes], ...]] = (base64.b64encode, base64.urlsafe_b64encode)


def spellings(name: str) -> set[str]:
    """The spellings of a name: NFC and NFD, upper and lower case, with and without maqafs and hyphens."""
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    cases = {change(form) for form in forms for change in (str, str.upper, str.lower, str.casefold, str.title)}
    return cases | {" ".join(reversed(form.split(" "))) for form in forms} | {form.replace(" ", "_") for form in forms}


def needles(name: str) -> set[bytes]:
    """Every byte string that reveals ``name``, each at least ``SHORTEST`` bytes long."""
    return {needle for text in spellings(name) for needle in _encodings(text) if len(needle) >= SHORTEST}


def _encodings(text: str) -> Iterator[bytes]:
    plain = text.encode("utf-8")
    wide = [text.encode("utf-16-le"), text.encode("utf-16-be")]
    yield plain
    yield from wide
    yield text.encode("utf-32-le")
    yield from _escaped(text)
    for data in (plain, *wide):
        yield data.hex().encode()
        yield data.hex().upper().encode()
        yield from _base64(data)
    for codec in ("cp1252", "cp1255", "cp1256", "cp1251", "iso8859-5", "iso8859-8", "koi8-r"):
        try:
            yield text.encode(codec)
        except UnicodeEncodeError:
            continue


def _escaped(text: str) -> Iterator[bytes]:
    """Escapes of JSON, Python, URLs and HTML; ASCII text is unchanged by most of them."""
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield escaped.upper().replace("\\U", "\\u").encode()
    yield text.encode("unicode_escape")
    for spelt in (quote(text, safe=""), quote_plus(text, safe="")):
        yield spelt.encode()
        yield spelt.lower().encode()
    yield html.escape(text).encode("utf-8")
    yield text.encode("ascii", "xmlcharrefreplace")
    yield "".join(f"&#x{ord(c):x};" if ord(c) > 127 else c for c in text).encode()
    yield repr(text.encode("utf-8"))[2:-1].encode()


def _base64(data: bytes) -> Iterator[bytes]:
    """The part of base64 that does not depend on what surrounds ``data``: three alignments, two alphabets."""
    for encode in _BASE64:
        for shift in range(3):
            spelt = encode(bytes(shift) + data)
            # The first characters depend on the bytes before the data, the last ones on the bytes after it.
            start = (0, 2, 3)[shift]
            yield spelt[start : (shift + len(data)) * 8 // 6]


def all_needles(names: Iterable[str]) -> dict[bytes, int]:
    """All needles of all names, each with the number of the name it reveals."""
    found: dict[bytes, int] = {}
    for number, name in enumerate(names):
        for needle in needles(name):
            found.setdefault(needle, number)
    return found
