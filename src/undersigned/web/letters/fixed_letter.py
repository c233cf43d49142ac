"""A letter as the hot path needs it: what never changes once the manifest is fixed, read once and kept."""

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
    """``pk``: the row's number; ``letter``: its id, base64url; ``log``: the log's key, of ``seed``."""

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
    """The letters of this site that are no drafts, by slug. Drafts are looked up each time: they may become letters."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._known: dict[str, FixedLetter] = {}
        self._lock = threading.Lock()

    def cached(self, slug: str) -> FixedLetter | None:
        """The letter, if it has been looked up before. Touches no database."""
        return self._known.get(slug)

    def find(self, slug: str) -> FixedLetter | None:
        """The letter, or None if there is none or it is a draft."""
        with self._lock:
            if slug not in self._known:
                row = Letter.objects.filter(slug=slug, letter__isnull=False).first()
                if row is None:
                    return None
                self._known[slug] = load_letter(row, self._keys)
            return self._known[slug]

    def forget(self, slug: str) -> None:
        """Looks it up again the next time: the database may be another one now, which knows it otherwise or not."""
        self._known.pop(slug, None)


def load_letter(row: Letter, keys: Keys) -> FixedLetter:
    """What stays true of a letter that is no draft."""
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
