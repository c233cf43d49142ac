"""What the press asks for, on one page: facts, files to print, a picture, the count to embed, whom to ask, checks."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape

from undersigned.press.picture import SIZES
from undersigned.web.reader.letter import (
    Shown,
    count_detail,
    count_said,
    frame,
    live_path,
    may_sign,
    summary,
    when_opened,
)
from undersigned.web.reader.said import number, say
from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import own_name, words


def press_kit(shown: Shown, state: State, language: str, printed: list[tuple[int, str]]) -> bytes:
    """The page. ``printed``: number and language of each PDF there is."""
    said, manifest, standing = words(language), shown.manifest, shown.standing
    means = count_said(standing, said)
    saying = say_state(state, manifest, said)
    context: dict[str, Any] = {
        **frame(shown, language, "press/{language}.html"),
        "heading": said["for_press"],
        "count": number(standing.count, said["language"]),
        "summary": summary(standing, saying, said),
        "count_said": means,
        "count_detail": count_detail(standing, manifest, said),
        "address": f"{shown.origin}/{language}/",
        "may_sign": may_sign(manifest, said),
        "now": saying.now,
        "names": saying.names,
        "names_path": f"/{shown.slug}/{live_path(language)}" if not manifest.sealed else None,
        "when": when_opened(manifest, said) if manifest.sealed else "",
        "letter": shown.letter,
        "printed": [
            {"path": f"/{shown.slug}/press/{n}/{tag}.pdf", "name": _printed(said, n, tag)} for n, tag in printed
        ],
        "picture": f"/{shown.slug}/share/{language}.png",
        "codes": _codes(shown, language, means),
        "contact": shown.contact,
        "mailed": "@" in shown.contact and " " not in shown.contact and "/" not in shown.contact,
        "verifies": are_built(),
        "verify": f"/{shown.slug}/{language}/verify/",
        "command": f"undersigned verify {shown.origin}/",
    }
    return render_to_string("reader/press_kit.html", context).encode("utf-8")


def _printed(said: dict[str, str], number: int, tag: str) -> str:
    name = own_name(tag)
    return say(said, "press_edition_in", number=number, language=name)


def _codes(shown: Shown, language: str, means: str) -> list[str]:
    """HTML to copy: the count as a frame, and as a picture."""
    (width, height), title = SIZES["count"], escape(means)
    embed, page = f"{shown.origin}/embed/{language}", f"{shown.origin}/{language}/"
    picture = f'<img src="{embed}.svg" width="{width}" height="{height}" alt="{title}">'
    return [
        f'<iframe src="{embed}.html" width="{width}" height="330" title="{title}"></iframe>',
        f'<a href="{page}">{picture}</a>',
    ]
