"""The count to embed in other sites: a page for an iframe, and pictures. None of them needs JavaScript.

They set no cookies, run no scripts and load only this site's style sheet and fonts. Their headers allow any site to
show them (``edge/headers.py``).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from undersigned.press.picture import SIZES, PictureOrder, find_missing_title_glyphs, make_picture
from undersigned.web.reader.letter import LetterView, count_said
from undersigned.web.reader.messages import number, say
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import direction, words

logger = logging.getLogger(__name__)


def embedded(view: LetterView, state: State, language: str) -> dict[str, bytes]:
    """The iframe's page and the SVG, by path under the letter."""
    context = _context(view, state, language)
    return {
        f"embed/{language}.html": render_to_string("reader/embed.html", context).encode("utf-8"),
        f"embed/{language}.svg": render_to_string("reader/embed.svg", context).encode("utf-8"),
    }


def pictures(view: LetterView, state: State, language: str) -> dict[str, bytes]:
    """The PNG pictures, by path under the letter. Rendering one takes about 50 ms. Raises PressError."""
    said, count = words(language), view.standing.count
    written = number(count, said["language"])
    means = say(said, "count_means", count=count)
    title = view.manifest.title[language]
    where = say_state(state, view.manifest, said).short
    _warn_lost_letters(view.origin, title, language)
    address = view.origin.partition("://")[2] or view.origin
    return {
        f"share/{language}.png": make_picture(PictureOrder("share", title, language, written, means, where, address)),
        f"embed/{language}.png": make_picture(PictureOrder("count", title, language, written, means, where, address)),
    }


@cache
def _warn_lost_letters(origin: str, title: str, language: str) -> None:
    """Warns, once per title, that the picture shows the address because no typeface has all letters of the title."""
    lost = find_missing_title_glyphs(title, language)
    if lost:
        logger.warning(
            "the %s picture of %s shows its address instead of its title: no typeface here has %s",
            language,
            origin,
            " ".join(lost[:10]),
        )


def _context(view: LetterView, state: State, language: str) -> dict[str, Any]:
    said, count = words(language), view.standing.count
    width, height = SIZES["count"]
    spoken, where = said["direction"], say_state(state, view.manifest, said).short
    return {
        "t": said,
        "language": language,
        "direction": direction(language),
        "heading": view.manifest.title[language],
        "title": view.manifest.title[language],
        "count": number(count, said["language"]),
        "count_means": say(said, "count_means", count=count),
        "count_said": count_said(view.standing, said),
        "state": where,
        # An estimate, because text cannot be measured here: a character is about half as wide as it is high.
        "state_size": min(18, 800 // max(1, len(where))),
        "page": f"{view.origin}/{language}/",
        "width": width,
        "height": height,
        "edge": width - 28 if spoken == "rtl" else 28,
    }
