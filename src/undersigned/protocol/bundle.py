"""Bundles: file paths, parts and line formats of all public files of a letter (protocol.md section 7, "Bundle").

A bundle is a mapping from path to bytes, wherever it is: a directory, a zip, a website.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from . import base64url, canonical, findings
from .errors import MalformedError, MissingError
from .manifest import LANGUAGE_TAG
from .opening import Opening
from .seal import RecordObject
from .tiles import tiles_of

Files = Mapping[str, bytes]

_EDITION: Final = re.compile(r"editions/([1-9][0-9]{0,5})/(edition|counts)\.json")
_OPENINGS: Final = re.compile(r"openings/([1-9][0-9]{0,5})(?:\.([2-9]|[1-9][0-9]{1,5}))?\.jsonl")
_PATH: Final = re.compile(
    rf"manifest\.json|roll\.json|objects\.jsonl|text/{LANGUAGE_TAG}\.md|log/checkpoint"
    r"|log/tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/){0,5}[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?"
    rf"|{_EDITION.pattern}|{_OPENINGS.pattern}"
)
MAX_FILES: Final = 200_000
MAX_TOTAL: Final = 16 * 1024**3
"""Bytes of all files together, unpacked."""
OBJECTS: Final = "objects.jsonl"
"""Where the records of a public letter lie."""
OPENINGS_IN_PART: Final = 1024
"""Lines of one file of openings, some 7 MB; the last part of an edition holds the rest (docs/adr/0008)."""


def is_path(path: str) -> bool:
    """Whether ``path`` is a valid path in a bundle: of some letter, not necessarily of this one."""
    return _PATH.fullmatch(path) is not None


def log_paths(size: int) -> list[str]:
    """The files of a log of ``size`` entries."""
    return ["log/checkpoint", *(f"log/{tile.path}" for tile in tiles_of(size))]


def text_path(language: str) -> str:
    """The path of a language version of the letter."""
    return f"text/{language}.md"


def openings_path(edition: int, part: int = 1) -> str:
    """The path of a part of an edition's openings. ``part``: from 1."""
    return f"openings/{edition}.jsonl" if part == 1 else f"openings/{edition}.{part}.jsonl"


def edition_path(edition: int) -> str:
    """The path of an edition."""
    return f"editions/{edition}/edition.json"


def counts_path(edition: int) -> str:
    """The path of an edition's counts, which replace it once its names are erased."""
    return f"editions/{edition}/counts.json"


def editions_in(paths: Iterable[str]) -> list[int]:
    """The numbers of the editions among ``paths``, published or erased, ascending."""
    return sorted({int(match[1]) for match in map(_EDITION.fullmatch, paths) if match})


def openings_in(paths: Iterable[str]) -> list[tuple[int, int]]:
    """Edition and part of each file of openings among ``paths``, ascending."""
    return sorted((int(match[1]), int(match[2] or 1)) for match in map(_OPENINGS.fullmatch, paths) if match)


def parts_of(openings: int) -> int:
    """How many files an edition's openings are split into. Without openings there is one, empty."""
    return max(1, -(-openings // OPENINGS_IN_PART))


def opening_files(opened: Iterable[int]) -> Iterator[str]:
    """The paths of the files that hold a set of openings. ``opened``: the edition of each opening."""
    for edition, count in sorted(collections.Counter(opened).items()):
        for part in range(1, parts_of(count) + 1):
            yield openings_path(edition, part)


def require(files: Files, paths: Iterable[str]) -> None:
    """Raises MissingError for the first of ``paths`` that is missing. Stops there: ``paths`` may be endless."""
    for path in paths:
        if path not in files:
            raise MissingError(findings.missing(path=path))


def check_parts(parts: list[tuple[int, int]]) -> None:
    """Raises MalformedError if one of ``openings_in`` is there without the one before it."""
    for before, (edition, part) in zip([(0, 0), *parts], parts, strict=False):
        if part > 1 and before != (edition, part - 1):
            raise MalformedError(findings.part_missing(path=openings_path(edition, part)))


def check_lines(path: str, lines: int, part: int, *, last: bool) -> None:
    """Raises MalformedError unless a part of openings holds as many lines as it must. ``last``: of its edition."""
    least = OPENINGS_IN_PART if not last else min(part - 1, 1)
    if not least <= lines <= OPENINGS_IN_PART:
        raise MalformedError(findings.part_lines(path=path, lines=lines, limit=OPENINGS_IN_PART))


def encode_openings(openings: Iterable[Opening]) -> dict[int, bytes]:
    """The parts of an edition's openings, from 1: one canonical line an opening, sorted by the bytes of the key."""
    rows = sorted(openings, key=lambda opening: base64url.decode(opening.key))
    lines, width = [canonical.encode(row) + b"\n" for row in rows], OPENINGS_IN_PART
    return {part: b"".join(lines[(part - 1) * width : part * width]) for part in range(1, parts_of(len(lines)) + 1)}


def encode_objects(objects: Iterable[RecordObject]) -> bytes:
    """``objects.jsonl`` of a public letter: one canonical line a record, sorted by the bytes of the key."""
    rows = sorted(objects, key=lambda value: base64url.decode(value.key))
    return b"".join(canonical.encode(row) + b"\n" for row in rows)


def lines_of(data: bytes) -> Iterator[bytes]:
    """The lines of a ``.jsonl`` file, one at a time. Raises as ``split_lines``, though perhaps after some of them."""
    if data and not data.endswith(b"\n"):
        raise MalformedError(findings.line_end())
    start = 0
    while start < len(data):
        end = data.index(b"\n", start)
        if end == start:
            raise MalformedError(findings.line_empty())
        yield data[start:end]
        start = end + 1


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a ``.jsonl`` file. Raises MalformedError if the last one does not end, or one is empty."""
    return list(lines_of(data))
