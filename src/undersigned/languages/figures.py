"""Formats messages with numbers, plurals and dates by language (ICU message patterns, CLDR).

``{signed}`` is a number with the language's digits and grouping, ``{n, plural, one{...} other{...}}`` follows the
language's plural rules: Russian has three forms, Arabic six. The digits of each language are set here, so that they do
not depend on ICU's version or the machine's region.
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
    # The Maghreb and the Emirates use European digits in Arabic.
    "ar-AE": "latn", "ar-DZ": "latn", "ar-EH": "latn", "ar-LY": "latn", "ar-MA": "latn", "ar-TN": "latn",
}  # fmt: skip
"""Digits by language tag, as CLDR numbering systems: ``arab`` is ١٢٣, ``arabext`` ۱۲۳, ``latn`` 123."""


def digits(language: str) -> str:
    """The numbering system of a language tag: its own, else its base language's, else European digits."""
    return DIGITS.get(language) or DIGITS.get(language.partition("-")[0], "latn")


def _locale_with_digits(language: str) -> str:
    # Drop the tag's extensions: they would override ours, which set digits and time zone (UTC).
    return f"{language.partition('-u-')[0]}-u-nu-{digits(language)}-tz-utc"


@lru_cache(maxsize=2048)
def _pattern(text: str, language: str) -> MessageFormat:
    return MessageFormat(text, _locale_with_digits(language))


def say(pattern: str, language: str, figures: Mapping[str, int | str]) -> str:
    """Formats the message ``pattern`` with ``figures`` in ``language``."""
    return _pattern(pattern, language).format(dict(figures))


def number(value: int, language: str) -> str:
    """A number formatted for ``language``: 1,234 or 1.234 or ١٬٢٣٤."""
    return _pattern("{n, number}", language).format({"n": value})


def long_date(moment: datetime, language: str) -> str:
    """A date and time in words, in UTC."""
    return f"{_pattern('{moment, date, ::yMMMMdjm}', language).format({'moment': moment})} UTC"
