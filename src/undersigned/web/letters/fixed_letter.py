"""In-memory cache of fixed letters: manifest and keys, which never change, loaded once for the hot path."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from undersigned.protocol import base64url, manifest, roll
from undersigned.protocol.credential import RegistrarKey
from undersigned.protocol.keys import SigningKey
from undersigned.web.ports import Keys
from undersigned.web.records.models import Letter


@dataclass(frozen=True, slots=True)
class FixedLetter:
    """A letter whose manifest is fixed. ``pk``: the row's primary key; ``letter``: its id, base64url; ``log``: the
    log's key, derived from ``seed``."""

    pk: int
    slug: str
    letter: str
    manifest: manifest.Manifest
    source: bytes
    seed: bytes
    log: SigningKey
    registrar: RegistrarKey

    @property
    def rid(self) -> bytes:
        """The id of the letter's registrar: the salt of everything derived from a code."""
        return roll.registrar_id(base64url.decode(self.manifest.registrars[0]))

    @property
    def id(self) -> bytes:
        """The letter id's 32 bytes."""
        return base64url.decode(self.letter, 32)


class LetterCache:
    """The fixed letters of this site, by slug. Drafts are not cached: each request looks them up, for they may have
    been fixed since."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._letters: dict[str, FixedLetter] = {}
        self._lock = threading.Lock()

    def find_cached(self, slug: str) -> FixedLetter | None:
        """The letter, if it is in the cache. Makes no database query, so the event loop may call it."""
        return self._letters.get(slug)

    def find(self, slug: str) -> FixedLetter | None:
        """The letter, or None if there is none or it is a draft."""
        with self._lock:
            if slug not in self._letters:
                row = Letter.objects.filter(slug=slug, letter__isnull=False).first()
                if row is None:
                    return None
                self._letters[slug] = load_letter(row, self._keys)
            return self._letters[slug]

    def forget(self, slug: str) -> None:
        """Drops the letter from the cache: the database may be another one now, with another letter here or none."""
        self._letters.pop(slug, None)


def load_letter(row: Letter, keys: Keys) -> FixedLetter:
    """Builds the cached form of a letter from its row and keys. The letter must not be a draft."""
    assert row.manifest is not None  # noqa: S101 - the table's check constraint says so
    assert row.letter is not None  # noqa: S101 - as above
    source = bytes(row.manifest)
    seed = keys.log_seed(row.slug)
    return FixedLetter(
        pk=row.pk,
        slug=row.slug,
        letter=row.letter,
        manifest=manifest.parse(source),
        source=source,
        seed=seed,
        log=SigningKey(seed),
        registrar=keys.registrar(row.slug),
    )
