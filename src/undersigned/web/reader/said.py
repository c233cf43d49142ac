"""The site's words with figures in them: those of ``words.toml`` and its like are ICU message patterns."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.languages import figures as figures_of
from undersigned.languages.figures import number

__all__ = ["number", "say"]


def say(said: Mapping[str, str], key: str, **figures: int | str) -> str:
    """The word ``key`` of ``said`` (``words.words``) with ``figures`` in their places."""
    return figures_of.say(said[key], said["language"], figures)
