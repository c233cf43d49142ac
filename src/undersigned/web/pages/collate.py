"""The order in which people look for names: each language's own (Unicode collation). For display only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import TypeVar

import icu

T = TypeVar("T")


@cache
def _collator(language: str) -> icu.Collator:
    return icu.Collator.createInstance(icu.Locale.forLanguageTag(language))


def sort_names(rows: Iterable[T], language: str, name: Callable[[T], str]) -> list[T]:
    """``rows`` by ``name``, as a reader of ``language`` expects them; equal names keep their order."""
    key = _collator(language).getSortKey
    return sorted(rows, key=lambda row: key(name(row)))


def long_date(moment: datetime, language: str) -> str:
    """A moment in words, in UTC."""
    locale = icu.Locale.forLanguageTag(language)
    form = icu.DateFormat.createDateTimeInstance(icu.DateFormat.kLong, icu.DateFormat.kShort, locale)
    form.setTimeZone(icu.TimeZone.createTimeZone("UTC"))
    return f"{form.format(moment.timestamp())} UTC"
