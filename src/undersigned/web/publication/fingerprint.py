"""What the served files of a large edition were made of, so that nobody has to make them all again to compare.

A million names fill some gigabytes. Whoever makes them anew to see whether they lie there as they should is at it for a
minute, or, where they lie in a bucket, for as long as it takes to fetch them; and the log waits: at every start of the
clerk, and once more after every publication. So beside an edition's
files lies ``made-of``: a digest of everything that decides their bytes, and the names of the files. The directory
appears in one piece (``Storage.put_tree``), so if that file is the right one, so are the others. What a disk has spoilt
since is found by ``undersigned doctor --deep``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import django
from django.db.models import Count, Max

import undersigned
from undersigned.languages import library
from undersigned.protocol import canonical
from undersigned.protocol.standing import Standing
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import Storage
from undersigned.web.reader.letter import Shown
from undersigned.web.records.models import Edition, Share

NAME: Final = "made-of"
_LARGEST: Final = 2**20
"""Bytes of a file of this package that may decide what a page looks like; fonts do not."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``people``: a digest of who is named and opened; ``whole``: of all that the files are made of."""

    people: str
    whole: str


def fingerprint_of(
    letter: FixedLetter, row: Edition, keys: Iterable[str], standing: Standing, shown: Shown
) -> Fingerprint:
    """What the files of the published edition ``row`` are made of. Loads nothing of their size.

    ``keys``: whose openings are published, in the order of the files; none of a public letter.
    """
    people = hashlib.sha256(f"{row.published} {'counts' if is_erased(row) else 'names'}\n".encode())
    for key in keys:
        people.update(f"{key} {standing.signatories[key].object}\n".encode())
    shares = Share.objects.filter(edition__letter=letter.pk).aggregate(number=Count("pk"), last=Max("pk"))
    states = [[e.number, e.notice, e.cut or 0, e.standing or 0] for e in standing.editions[: row.number]]
    parts = [
        _code(), shown.letter, shown.slug, shown.origin, shown.contact, row.number, people.hexdigest(),
        standing.withdrawn, shares["number"], shares["last"], states, sorted(n for n in shown.counts if n < row.number),
    ]  # fmt: skip
    return Fingerprint(people.hexdigest(), hashlib.sha256(canonical.encode(parts)).hexdigest())


def is_erased(row: Edition) -> bool:
    """Whether a published edition is down to its counts. Does not load it."""
    return Edition.objects.filter(pk=row.pk, data__isnull=True).exists()


def note(made: Fingerprint, names: Iterable[str]) -> bytes:
    """The file ``made-of``."""
    return "\n".join((made.whole, made.people, *sorted(names), "")).encode()


def noted(storage: Storage, place: str) -> Fingerprint | None:
    """What the files at ``place`` were made of; None if that is not known, or one of them is missing."""
    found = storage.get(f"{place}/{NAME}")
    if found is None:
        return None
    whole, people, *names = found.decode().removesuffix("\n").split("\n")
    return Fingerprint(people, whole) if all(storage.has(f"{place}/{name}") for name in names) else None


@cache
def _code() -> str:
    """What makes the files: this package's own, and what decides the order of names and the form of pages."""
    found, root = hashlib.sha256(), Path(undersigned.__file__).parent
    for file in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        if file.stat().st_size <= _LARGEST:
            found.update(f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return f"{found.hexdigest()} {django.VERSION} {library.VERSION}"
