"""Figures and dates: which digits a language has is set, and nothing of the machine changes them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from undersigned.languages.figures import DIGITS, digits, long_date, number, say
from undersigned.press.words import languages as printed
from undersigned.press.words import words_for
from undersigned.web.reader.messages import say as said_by_site
from undersigned.web.reader.words import spoken, words

MOMENT = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
NUMBERS = {
    "ar": "١٬٢٣٤٬٥٦٧", "bg": "1 234 567", "cs": "1 234 567", "de": "1.234.567", "el": "1.234.567", "en": "1,234,567",
    "es": "1.234.567", "et": "1 234 567", "fa": "۱٬۲۳۴٬۵۶۷", "fr": "1\u202f234\u202f567", "he": "1,234,567",
    "it": "1.234.567", "ja": "1,234,567", "nl": "1.234.567", "pl": "1 234 567", "pt": "1.234.567", "ru": "1 234 567",
    "sk": "1 234 567", "sv": "1 234 567", "uk": "1 234 567", "zh": "1,234,567",
}  # fmt: skip
DATES = {
    "ar": "٣٠ نوفمبر ٢٠٢٦ في ٩:٠٥ ص UTC",
    "de": "30. November 2026 um 09:05 UTC",
    "en": "November 30, 2026 at 9:05\u202fAM UTC",
    "es": "30 de noviembre de 2026 a las 9:05 UTC",
    "fr": "30 novembre 2026 à 09:05 UTC",
    "he": "30 בנובמבר 2026 בשעה 9:05 UTC",
    "ru": "30 ноября 2026\u202fг. в 09:05 UTC",
}


def test_every_language_of_ours_has_its_digits_set() -> None:
    """A language that is added to the pages, on paper or on the site, is added to the table."""
    ours = {*printed(), *spoken()}
    assert ours <= DIGITS.keys()
    assert ours == NUMBERS.keys()
    assert set(spoken()) == DATES.keys()


@pytest.mark.parametrize("language", NUMBERS)
def test_numbers_are_written_as_the_language_writes_them(language: str) -> None:
    """The same bytes on every machine."""
    wanted = NUMBERS[language].replace(" ", "\u00a0")
    assert number(1234567, language) == wanted
    assert say("{n, plural, other{#}} {n} {s}", language, {"n": 1234567, "s": "1"}) == f"{wanted} {wanted} 1"


@pytest.mark.parametrize("language", DATES)
def test_dates_are_written_as_the_language_writes_them(language: str) -> None:
    """In words, with the language's digits, in UTC."""
    assert long_date(MOMENT, language) == DATES[language]


def test_site_and_paper_count_alike_in_arabic() -> None:
    """Both say ٥, which the system's ICU said here and 5 there."""
    assert "٥ " in words_for("ar").say("signatories", n=5)
    assert "٥ " in said_by_site(words("ar"), "changes_joined", n=5)


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("ar-EG", "arab"),
        ("ar-MA", "latn"),
        ("ar-u-nu-latn", "arab"),
        ("fa-AF", "arabext"),
        ("mr", "latn"),
    ],
)
def test_a_region_has_its_languages_digits_unless_it_is_known_to_differ(tag: str, wanted: str) -> None:
    """A tag cannot bring its own; a language without words here is spoken to in English, with English digits."""
    assert digits(tag) == wanted
    assert number(5, tag) == {"arab": "٥", "arabext": "۵", "latn": "5"}[wanted]


def test_no_number_is_too_large_and_none_is_rounded() -> None:
    """The protocol's largest count is written whole."""
    assert number(2**53 - 1, "en") == "9,007,199,254,740,991"
    assert number(10**20, "en") == "100,000,000,000,000,000,000"


def test_nothing_of_the_machine_changes_what_is_said() -> None:
    """Another region, another time zone: the same bytes (control: the child runs with them, and says so)."""
    script = (
        "import sys, time; from datetime import UTC, datetime; from undersigned.languages.figures import *;"
        "sys.stdout.buffer.write('|'.join([time.tzname[0], number(5, 'ar'), long_date("
        "datetime(2026, 11, 30, 9, 5, tzinfo=UTC), 'ar')]).encode())"
    )
    for zone, locale in (("America/New_York", "ar_AE.UTF-8"), ("Asia/Tokyo", "C"), ("UTC", "fa_IR")):
        env = {**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale}
        out = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, check=True, timeout=60
        ).stdout
        there, *said = out.decode().split("|")
        assert there == {"America/New_York": "EST", "Asia/Tokyo": "JST", "UTC": "UTC"}[zone]
        assert said == ["٥", DATES["ar"]]


def test_the_browser_has_the_same_table() -> None:
    """Counts made by the page appear next to counts from the server."""
    source = Path(__file__).parents[2] / "frontend/src/controllers/figure.ts"
    table = source.read_text(encoding="utf-8").partition("DIGITS")[2].partition("};")[0]
    theirs = dict(re.findall(r"\"?([\w-]+)\"?: \"(\w+)\"", table))
    assert len(theirs) == 8
    assert theirs == {tag: name for tag, name in DIGITS.items() if name != "latn" or "-" in tag}
