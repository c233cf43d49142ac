"""Words with figures in them, as each language says them: ICU message patterns and numbers.

A pattern is a word of ``words.toml`` or ``reader-words.toml``: ``{signed}`` is a number in the language's digits and
grouping, ``{n, plural, one{...} other{...}}`` chooses by the language's plural rules (CLDR). Russian has three forms,
Arabic six.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import icu


@lru_cache(maxsize=2048)
def _pattern(text: str, language: str) -> icu.MessageFormat:
    return icu.MessageFormat(text, icu.Locale.forLanguageTag(language))


def say(said: Mapping[str, str], key: str, **figures: int | str) -> str:
    """The word ``key`` of ``said`` (``words.words``) with ``figures`` in their places."""
    names = list(figures)
    values = [icu.Formattable(value) for value in figures.values()]
    return str(_pattern(said[key], said["language"]).format(names, values))


@lru_cache(maxsize=64)
def _numbers(language: str) -> icu.NumberFormat:
    return icu.NumberFormat.createInstance(icu.Locale.forLanguageTag(language))


def number(value: int, language: str) -> str:
    """A number as ``language`` writes it: 1,234 or 1.234 or ١٬٢٣٤."""
    return str(_numbers(language).format(value))
