"""Canonical JSON (RFC 8785, further restricted): encoder and strict decoder (protocol.md section 1).

ASCII keys, no floats, integers below 2^53 in size, strings in Unicode's NFC without lone surrogates and of characters
that Unicode 14.0 assigns (for those every later version agrees on NFC), nesting of at most 8, at most 64 KiB unless the
document says otherwise. Within these limits RFC 8785's order and spelling is what
msgspec writes with ``order="sorted"`` (ASCII keys sort alike as UTF-8 and UTF-16), which is why it can serve.

A parser accepts bytes only if writing what it read gives the same bytes again. That one rule refuses duplicate keys,
stray space, other spellings of numbers and escapes, which JSON parsers silently take.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import msgspec

from . import findings
from .assigned import first_unassigned
from .errors import MalformedError

_NOT_NORMAL: Final = "a string is not in Unicode normal form C"
MAX_SIZE: Final = 64 * 1024
"""Bytes of one message or entry."""
MAX_DOCUMENT: Final = 512 * 1024 * 1024
"""Bytes of a published document (roll, edition), which grow with the number of signatories (docs/adr/0003)."""
MAX_DEPTH: Final = 8
MAX_INTEGER: Final = 2**53 - 1

T = TypeVar("T")


def encode(value: object) -> bytes:
    """Serialises ``value`` as canonical JSON: dicts, lists, strings, integers, booleans, None, or structs of them.

    Raises ValueError for anything the restricted form cannot say (our mistake, not theirs).
    """
    if isinstance(value, (dict, list, str, int, float)):
        problem = _problem(value, 1)
        if problem:
            raise ValueError(problem)
    data = msgspec.json.encode(value, order="sorted")
    problem = _text_problem(data)
    if problem:
        raise ValueError(problem)
    return data


def decode(data: bytes, *, limit: int = MAX_SIZE) -> Any:
    """Parses canonical JSON strictly into plain values. Raises MalformedError for any other bytes."""
    value: Any = decode_as(data, object, limit=limit)
    problem = _problem(value, 1)
    if problem:
        raise MalformedError(findings.json_form(), problem)
    return value


def decode_as(data: bytes, shape: type[T] | Any, *, limit: int = MAX_SIZE) -> T:
    """Parses canonical JSON strictly as the msgspec type ``shape``, whose fields bound depth, keys and integers.

    Raises MalformedError unless ``data`` is of that shape and canonical.
    """
    if len(data) > limit:
        raise MalformedError(findings.json_size(length=len(data), limit=limit))
    try:
        value: T = decoder(cast(Hashable, shape)).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(findings.json_form(), _plain(error)) from None
    if msgspec.json.encode(value, order="sorted") != data:
        raise MalformedError(findings.json_form(), "a duplicate key, stray space or another spelling")
    problem = _text_problem(data)
    if problem:
        raise MalformedError(findings.json_form(), problem)
    return value


@lru_cache(maxsize=64)
def decoder(shape: Hashable) -> msgspec.json.Decoder[Any]:
    """A cached msgspec decoder: building one for a union of seven structs takes longer than decoding an entry."""
    return msgspec.json.Decoder(shape)


def is_normal(data: bytes) -> bool:
    """Whether every string of the JSON text ``data`` is in Unicode 14.0 and in NFC. Raises UnicodeDecodeError."""
    return _text_problem(data) is None


def _text_problem(data: bytes) -> str | None:
    """What keeps a string of the JSON text ``data`` from being canonical, or None. Raises UnicodeDecodeError."""
    # ASCII is assigned and in NFC.
    if data.isascii():
        return None
    text = data.decode("utf-8")
    newer = first_unassigned(text)
    if newer:
        return _not_assigned(newer)
    # A quotation mark composes with nothing, so if the whole text is in NFC, so is each string. The other way round an
    # escape deceives: in the text, the n of a line break would compose with an accent after it.
    if unicodedata.is_normalized("NFC", text) or (b"\\" in data and _problem(msgspec.json.decode(data), 1) is None):
        return None
    return _NOT_NORMAL


def _not_assigned(spelt: str) -> str:
    return f"a string holds {spelt}, which Unicode 14.0 does not assign"


def _plain(error: Exception) -> str:
    if isinstance(error, msgspec.MsgspecError):
        # Its messages name places and types, never values of the document.
        return str(error)
    return "invalid UTF-8" if isinstance(error, UnicodeDecodeError) else "nested too deeply"


def _problem(value: object, depth: int) -> str | None:
    """What keeps ``value`` from the restricted form, or None."""
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH}"
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if -MAX_INTEGER <= value <= MAX_INTEGER else "an integer is too large"
    if isinstance(value, str):
        return _string_problem(value)
    if isinstance(value, list):
        return next((p for p in (_problem(item, depth + 1) for item in value) if p), None)
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                return "a key is not ASCII"
            problem = _problem(item, depth + 1)
            if problem:
                return problem
        return None
    if isinstance(value, msgspec.Struct):
        return None
    return "a number is not an integer" if isinstance(value, float) else "a value of no JSON type"


def _string_problem(value: str) -> str | None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "a lone surrogate"
    newer = first_unassigned(value)
    if newer:
        return _not_assigned(newer)
    return None if unicodedata.is_normalized("NFC", value) else _NOT_NORMAL
