"""Words with figures in them, numbers and dates, as each language writes them (ICU message patterns, CLDR).

``{signed}`` is a number in the language's digits and grouping, ``{n, plural, one{...} other{...}}`` chooses by the
language's plural rules: Russian has three forms, Arabic six. Which digits a language has is said here, and never left
to what ICU's version or the machine's region think of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from icu4py.messageformat import MessageFormat

DIGITS: Final[Mapping[str, str]] = {
    # The languages of the interface and of printed pages.
    "ar": "arab", "bg": "latn", "cs": "latn", "de": "latn", "el": "latn", "en": "latn", "es": "latn", "et": "latn",
    "fa": "arabext", "fr": "latn", "he": "latn", "it": "latn", "ja": "latn", "nl": "latn", "pl": "latn", "pt": "latn",
    "ru": "latn", "sk": "latn", "sv": "latn", "uk": "latn", "zh": "latn",
    # The Maghreb and the Emirates write Arabic with European digits.
    "ar-AE": "latn", "ar-DZ": "latn", "ar-EH": "latn", "ar-LY": "latn", "ar-MA": "latn", "ar-TN": "latn",
}  # fmt: skip
"""A language's digits, by tag, by their name in CLDR: ``arab`` is ١٢٣, ``arabext`` ۱۲۳, ``latn`` 123."""


def digits(language: str) -> str:
    """The digits of a language tag: its own, else its language's, else European ones."""
    return DIGITS.get(language) or DIGITS.get(language.partition("-")[0], "latn")


def _told(language: str) -> str:
    # A tag's extensions would come before ours; everything that decides figures is set here, time in UTC.
    return f"{language.partition('-u-')[0]}-u-nu-{digits(language)}-tz-utc"


@lru_cache(maxsize=2048)
def _pattern(text: str, language: str) -> MessageFormat:
    return MessageFormat(text, _told(language))


def say(pattern: str, language: str, figures: Mapping[str, int | str]) -> str:
    """``pattern`` with ``figures`` in their places, as ``language`` says it."""
    return _pattern(pattern, language).format(dict(figures))


def number(value: int, language: str) -> str:
    """A number as ``language`` writes it: 1,234 or 1.234 or ١٬٢٣٤."""
    return _pattern("{n, number}", language).format({"n": value})


def long_date(moment: datetime, language: str) -> str:
    """A moment in words, in UTC."""
    return f"{_pattern('{moment, date, ::yMMMMdjm}', language).format({'moment': moment})} UTC"
