"""Formats catalog messages (ICU): fills in parameters, with plurals, numbers and dates in the language's own form."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.languages import figures as figures_of
from undersigned.languages.figures import number

__all__ = ["number", "say"]


def say(messages: Mapping[str, str], key: str, **figures: int | str) -> str:
    """The message ``key`` of ``messages`` (from ``words.words``) with its parameters filled in."""
    return figures_of.say(messages[key], messages["language"], figures)
