"""Messages of the catalogs with their parameters filled in: numbers, plurals and dates as each language writes them."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.languages import figures as figures_of
from undersigned.languages.figures import number

__all__ = ["number", "say"]


def say(said: Mapping[str, str], key: str, **figures: int | str) -> str:
    """The message ``key`` of ``said`` (``words.words``) with ``figures`` in their places."""
    return figures_of.say(said[key], said["language"], figures)
