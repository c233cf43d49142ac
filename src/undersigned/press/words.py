"""The few words a page says itself, in its language, with numbers as the language writes them (words.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import icu


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; ``lang`` decides how numbers are written."""

    lang: str
    phrases: dict[str, str]

    def say(self, phrase: str, **values: object) -> str:
        """``phrase`` with its values; integers as the language writes them."""
        shown = {name: self.number(v) if isinstance(v, int) else v for name, v in values.items()}
        return self.phrases[phrase].format(**shown)

    def number(self, value: int) -> str:
        """``value`` with the digits and grouping of the language."""
        return str(icu.NumberFormat.createInstance(icu.Locale(self.lang)).format(value))

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
    table = _all()
    return Words(lang, table.get(lang.split("-")[0], table["en"]))
