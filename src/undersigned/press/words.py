"""The page's own phrases in each language (words.toml), with numbers and plurals by the language's rules."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from undersigned.languages import figures

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of one language; ``lang``, a language tag, selects number format and plural rules."""

    lang: str
    phrases: dict[str, str]

    def say(self, phrase: str, **values: int | str) -> str:
        """``phrase`` with its values filled in; numbers formatted and nouns inflected for the language."""
        return figures.say(self.phrases[phrase], self.lang, values)

    @property
    def comma(self) -> str:
        """The separator between a name and a title."""
        return self.phrases["comma"]


@cache
def _all() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def languages() -> list[str]:
    """The languages that have phrases."""
    return sorted(_all())


def words_for(lang: str) -> Words:
    """The phrases of ``lang``; English for a language without phrases."""
    table, base = _all(), lang.split("-")[0]
    # With English phrases use English plurals and digits too, whatever the letter's language.
    return Words(lang, table[base]) if base in table else Words(FALLBACK, table[FALLBACK])
