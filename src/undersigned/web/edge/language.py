"""Content negotiation: chooses the language version of a page by Accept-Language (RFC 9110 section 12.5.4)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from undersigned.protocol.manifest import LANGUAGE_TAG

_RANGE: Final = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*")
_TAG: Final = re.compile(LANGUAGE_TAG)
_MAX_RANGES: Final = 32
FALLBACK: Final = "en"
"""For readers whose languages the letter does not have: the version that most of them understand."""

Version = TypeVar("Version")


@lru_cache(maxsize=1024)
def wanted(header: bytes | None) -> tuple[str, ...]:
    """The languages of an Accept-Language header, by preference, in lower case. Malformed ranges are skipped."""
    if not header:
        return ()
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.decode("latin-1").split(",")[:_MAX_RANGES]):
        match = _RANGE.fullmatch(part)
        weight = float(match[2] or 1) if match else 0.0
        if match and weight:
            found.append((-weight, place, match[1].lower()))
    return tuple(language for _, _, language in sorted(found))


def choose(header: bytes | None, versions: Mapping[str, Version]) -> Version | None:
    """The version for a reader. ``versions``: by language tag. None if there are none."""
    known = {language.lower(): file for language, file in versions.items()}
    for language in [*wanted(header), FALLBACK]:
        # "de-CH" gets "de", and "zh" gets "zh-Hans": a related version is better than a foreign one.
        near = (tag for tag in known if tag == language.split("-")[0] or tag.startswith(f"{language}-"))
        tag = language if language in known else next(near, None)
        if tag is not None:
            return known[tag]
    return next(iter(known.values()), None)


def versions_at(index: Path) -> dict[str, Path]:
    """Finds the language versions of an ``index.html``: ``<lang>/index.html`` of a letter, ``<lang>.html`` of an
    edition, ``index.<lang>.html`` of the site."""
    folder = index.parent
    front = {file.name.split(".")[1]: file for file in sorted(folder.glob("index.*.html"))}
    if front:
        # The site's front page: the other files in its directory are letters, not versions of it.
        return front
    inside = ((file.parent.name, file) for file in sorted(folder.glob("*/index.html")))
    beside = ((file.stem, file) for file in sorted(folder.glob("*.html")))
    return {name: file for name, file in (*inside, *beside) if _TAG.fullmatch(name)}


class Versions:
    """Caches which versions exist for one second, because listing a directory is the most expensive step.

    Only the list of languages is cached. The file itself is checked for each request.
    """

    def __init__(self) -> None:
        self._there: dict[str, dict[str, Path]] = {}
        self._chosen: dict[tuple[str, bytes | None], str | None] = {}
        self._until = 0.0

    def choose(self, header: bytes | None, index: str) -> str | None:
        """The version of ``index`` for this Accept-Language, at most a second old; None if there is none."""
        now = time.monotonic()
        if now >= self._until:
            self._there, self._chosen, self._until = {}, {}, now + 1.0
        asked = (index, header)
        if asked not in self._chosen:
            if index not in self._there:
                self._there[index] = versions_at(Path(index))
            found = choose(header, self._there[index])
            self._chosen[asked] = None if found is None else str(found)
        return self._chosen[asked]
