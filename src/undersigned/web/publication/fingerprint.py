"""Fingerprint of a large edition's files: tells whether they are up to date without making them again.

A million names fill gigabytes. Making them again to compare them with what is served takes a minute, or, with files in
a bucket, as long as a download; and the log would wait for it at every start of the clerk and after every publication.
So the directory of a large edition also holds ``made-of``: a digest of everything that decides the bytes of its files,
and the names of the files. The directory appears atomically (``Storage.put_tree``), so if that one file is right, so
are the others. Damage done by the disk since then is found by ``undersigned doctor --deep``.
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
from undersigned.web.reader.letter import LetterView
from undersigned.web.records.models import Edition, Share

NAME: Final = "made-of"
_LARGEST: Final = 2**20
"""Bytes of the largest file of this package that can decide a page's bytes. Larger ones are fonts, which do not."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``people``: a digest of who is named and opened; ``whole``: of everything the files are made of."""

    people: str
    whole: str


def fingerprint_of(
    letter: FixedLetter, row: Edition, keys: Iterable[str], standing: Standing, view: LetterView
) -> Fingerprint:
    """The fingerprint of the files of the published edition ``row``, without loading its names.

    ``keys``: whose openings are published, in the order of the files; none of a public letter.
    """
    people = hashlib.sha256(f"{row.published} {'counts' if is_erased(row) else 'names'}\n".encode())
    for key in keys:
        people.update(f"{key} {standing.signatories[key].object}\n".encode())
    shares = Share.objects.filter(edition__letter=letter.pk).aggregate(number=Count("pk"), last=Max("pk"))
    states = [[e.number, e.notice, e.cut or 0, e.standing or 0] for e in standing.editions[: row.number]]
    parts = [
        _hash_code(), view.letter, view.slug, view.origin, view.contact, row.number, people.hexdigest(),
        standing.withdrawn, shares["number"], shares["last"], states, sorted(n for n in view.counts if n < row.number),
    ]  # fmt: skip
    return Fingerprint(people.hexdigest(), hashlib.sha256(canonical.encode(parts)).hexdigest())


def is_erased(row: Edition) -> bool:
    """Whether a published edition has been reduced to its counts. Does not load it."""
    return Edition.objects.filter(pk=row.pk, data__isnull=True).exists()


def encode(fingerprint: Fingerprint, names: Iterable[str]) -> bytes:
    """The file ``made-of``. ``names``: the files beside it."""
    return "\n".join((fingerprint.whole, fingerprint.people, *sorted(names), "")).encode()


def read(storage: Storage, directory: str) -> Fingerprint | None:
    """The fingerprint of the files in ``directory``; None if it is not recorded, or one of the files is missing."""
    data = storage.get(f"{directory}/{NAME}")
    if data is None:
        return None
    whole, people, *names = data.decode().removesuffix("\n").split("\n")
    return Fingerprint(people, whole) if all(storage.has(f"{directory}/{name}") for name in names) else None


@cache
def _hash_code() -> str:
    """A digest of the program: an upgrade can change the pages. Django and ICU decide bytes too."""
    digest, root = hashlib.sha256(), Path(undersigned.__file__).parent
    for file in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        if file.stat().st_size <= _LARGEST:
            digest.update(f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return f"{digest.hexdigest()} {django.VERSION} {library.VERSION}"
