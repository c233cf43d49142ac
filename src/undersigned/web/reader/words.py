"""The message catalogs: every sentence that pages, forms and emails show, one file per language (``catalog/en.toml``).

A catalog maps message ids to ICU message patterns. English leads and holds the translators' comments; every other
catalog has the same ids with the same parameters (``tests/web/test_catalog.py``), so a page is in one language from
top to bottom. A language without a catalog gets English.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
FALLBACK: Final = "en"
CATALOG: Final = Path(__file__).with_name("catalog")


@cache
def read_catalog(language: str) -> dict[str, str]:
    """The messages of one catalog, by id. Raises TypeError if a value is not a message."""
    messages = tomllib.loads((CATALOG / f"{language}.toml").read_text(encoding="utf-8"))
    for id_, message in messages.items():
        if not isinstance(message, str):
            raise TypeError(f"{language}.toml: {id_} is not a message")
    return messages


@cache
def spoken() -> list[str]:
    """The languages that have a catalog, English first."""
    return sorted((file.stem for file in CATALOG.glob("*.toml")), key=lambda language: (language != FALLBACK, language))


def words(language: str) -> dict[str, str]:
    """The messages for a language tag, with ``language`` and ``direction`` of the messages themselves among them."""
    base = language.partition("-")[0]
    found = base if base in spoken() else FALLBACK
    return {**read_catalog(found), "language": found, "direction": direction(found)}


def own_name(tag: str) -> str:
    """A language's name in that language; its tag if there is no catalog for it."""
    return words(tag)["language_name"] if tag in spoken() else tag


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
