"""The site's own words on a letter's public pages, by language. A language without its words gets English ones."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
FALLBACK: Final = "en"


@cache
def _tables() -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for file in ("words.toml", "reader-words.toml", "state-words.toml", "form-words.toml", "sign-words.toml"):
        text = Path(__file__).with_name(file).read_text(encoding="utf-8")
        for language, said in tomllib.loads(text).items():
            tables.setdefault(language, {}).update(said)
    return tables


def words(language: str) -> dict[str, str]:
    """The words for a language tag, with ``language`` and ``direction`` of the words themselves among them."""
    tables = _tables()
    base = language.partition("-")[0]
    spoken = base if base in tables else FALLBACK
    return {**tables[FALLBACK], **tables[spoken], "language": spoken, "direction": direction(spoken)}


def own_name(tag: str) -> str:
    """A language's name in that language; its tag if it is none that the site speaks."""
    said = words(tag)
    return said["name"] if said["language"] == tag else tag


def form_words(language: str) -> dict[str, str]:
    """As ``words``, all in one language: English ones unless the forms and mails have been translated too."""
    own = _tables().get(language.partition("-")[0], {})
    return words(language if "sure_text" in own else FALLBACK)


def sign_words(language: str) -> dict[str, str]:
    """As ``form_words``, for the pages on which one signs a sealed letter."""
    own = _tables().get(language.partition("-")[0], {})
    return words(language if "sure_text" in own and "seal_promise" in own else FALLBACK)


def spoken() -> list[str]:
    """The languages in which the signatory's pages are complete, English first."""
    return [language for language in _tables() if sign_words(language)["language"] == language]


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
