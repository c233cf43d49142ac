"""The few words a page says itself, in its language, with numbers as the language writes them (words.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from undersigned.languages import figures

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; ``lang``, a language tag, decides how numbers are written and nouns counted."""

    lang: str
    phrases: dict[str, str]

    def say(self, phrase: str, **values: int | str) -> str:
        """``phrase`` with its values; integers, and nouns beside them, as the language writes them."""
        return figures.say(self.phrases[phrase], self.lang, values)

    @property
    def comma(self) -> str:
        """What stands between a name and a title."""
        return self.phrases["comma"]


@cache
def _all() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def languages() -> list[str]:
    """The languages a page can speak of itself in."""
    return sorted(_all())


def words_for(lang: str) -> Words:
    """The words of ``lang``; a language we do not have yet speaks English beside its own letter and names."""
    table, base = _all(), lang.split("-")[0]
    # English words count as English does, whatever the letter's language.
    return Words(lang, table[base]) if base in table else Words(FALLBACK, table[FALLBACK])
