"""The count for other people's pages: a page to stand in a frame, and pictures that need no script.

They set nothing, run nothing and fetch only this site's style sheet and fonts. The door lets any site show them
(``edge/headers.py``).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from undersigned.press.picture import SIZES, PictureOrder, lost_letters, make_picture
from undersigned.web.reader.letter import Shown, count_said
from undersigned.web.reader.said import number, say
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import direction, words

logger = logging.getLogger(__name__)


def embedded(shown: Shown, state: State, language: str) -> dict[str, bytes]:
    """The frame's page and the drawing, by path under the letter."""
    context = _context(shown, state, language)
    return {
        f"embed/{language}.html": render_to_string("reader/embed.html", context).encode("utf-8"),
        f"embed/{language}.svg": render_to_string("reader/embed.svg", context).encode("utf-8"),
    }


def pictures(shown: Shown, state: State, language: str) -> dict[str, bytes]:
    """The pictures that have to be set, by path under the letter. Each takes some 50 ms. Raises PressError."""
    said, count = words(language), shown.standing.count
    written = number(count, said["language"])
    means = say(said, "count_means", count=count)
    title = shown.manifest.title[language]
    where = say_state(state, shown.manifest, said).short
    _say_lost(shown.origin, title, language)
    address = shown.origin.partition("://")[2] or shown.origin
    return {
        f"share/{language}.png": make_picture(PictureOrder("share", title, language, written, means, where, address)),
        f"embed/{language}.png": make_picture(PictureOrder("count", title, language, written, means, where, address)),
    }


@cache
def _say_lost(origin: str, title: str, language: str) -> None:
    """Once: that the picture shows the address, because no typeface has all letters of the title."""
    lost = lost_letters(title, language)
    if lost:
        logger.warning(
            "the %s picture of %s shows its address instead of its title: no typeface here has %s",
            language,
            origin,
            " ".join(lost[:10]),
        )


def _context(shown: Shown, state: State, language: str) -> dict[str, Any]:
    said, count = words(language), shown.standing.count
    width, height = SIZES["count"]
    spoken, where = said["direction"], say_state(state, shown.manifest, said).short
    return {
        "t": said,
        "language": language,
        "direction": direction(language),
        "heading": shown.manifest.title[language],
        "title": shown.manifest.title[language],
        "count": number(count, said["language"]),
        "count_means": say(said, "count_means", count=count),
        "count_said": count_said(shown.standing, said),
        "state": where,
        # A letter is about half as wide as it is high; nobody can measure it here.
        "state_size": min(18, 800 // max(1, len(where))),
        "page": f"{shown.origin}/{language}/",
        "width": width,
        "height": height,
        "edge": width - 28 if spoken == "rtl" else 28,
    }
