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
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(language: str) -> dict[str, str]:
    """The words for a language tag, with ``language`` and ``direction`` of the words themselves among them."""
    tables = _tables()
    base = language.partition("-")[0]
    spoken = base if base in tables else FALLBACK
    return {**tables[FALLBACK], **tables[spoken], "language": spoken, "direction": direction(spoken)}


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
