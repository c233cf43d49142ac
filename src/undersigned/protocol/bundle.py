"""Bundles: everything anybody needs to check a letter, as files (protocol.md section 7, "Bundle").

A bundle is a mapping from path to bytes, wherever it lies: a directory, a zip, a web site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from . import base64url, canonical
from .errors import MalformedError
from .opening import Opening
from .seal import RecordObject
from .tiles import tiles_of

Files = Mapping[str, bytes]

_EDITION: Final = re.compile(r"editions/([1-9][0-9]{0,5})/(edition|counts)\.json")
_OPENINGS: Final = re.compile(r"openings/([1-9][0-9]{0,5})\.jsonl")


def log_paths(size: int) -> list[str]:
    """The files of a log of ``size`` entries."""
    return ["log/checkpoint", *(f"log/{tile.path}" for tile in tiles_of(size))]


def text_path(language: str) -> str:
    """Where a language version of the letter lies."""
    return f"text/{language}.md"


def openings_path(edition: int) -> str:
    """Where the openings of an edition's open set lie."""
    return f"openings/{edition}.jsonl"


def edition_path(edition: int) -> str:
    """Where an edition lies."""
    return f"editions/{edition}/edition.json"


def counts_path(edition: int) -> str:
    """Where an edition's counts lie once its names are erased."""
    return f"editions/{edition}/counts.json"


def editions_in(paths: Iterable[str]) -> list[int]:
    """The numbers of the editions among ``paths``, published or erased, ascending."""
    return sorted({int(match[1]) for match in map(_EDITION.fullmatch, paths) if match})


def openings_in(paths: Iterable[str]) -> list[int]:
    """The numbers of the editions whose openings are among ``paths``, ascending."""
    return sorted({int(match[1]) for match in map(_OPENINGS.fullmatch, paths) if match})


def encode_openings(openings: Iterable[Opening]) -> bytes:
    """``openings/<n>.jsonl``: one canonical line an opening, sorted by the bytes of the key."""
    rows = sorted(openings, key=lambda opening: base64url.decode(opening.key))
    return b"".join(canonical.encode(row) + b"\n" for row in rows)


def encode_objects(objects: Iterable[RecordObject]) -> bytes:
    """``objects.jsonl`` of a public letter: one canonical line a record, sorted by the bytes of the key."""
    rows = sorted(objects, key=lambda value: base64url.decode(value.key))
    return b"".join(canonical.encode(row) + b"\n" for row in rows)


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a ``.jsonl`` file. Raises MalformedError if the last one does not end, or one is empty."""
    if not data:
        return []
    if not data.endswith(b"\n"):
        raise MalformedError("the last line does not end")
    lines = data[:-1].split(b"\n")
    if not all(lines):
        raise MalformedError("a line is empty")
    return lines
