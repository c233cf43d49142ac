"""The press kit page: facts, PDFs to print, a picture, code to embed the count, contact, how to verify."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape

from undersigned.press.picture import SIZES
from undersigned.web.reader.letter import (
    LetterView,
    count_detail,
    count_said,
    frame,
    live_path,
    may_sign,
    summary,
    when_opened,
)
from undersigned.web.reader.messages import number, say
from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.state import State, say_state
from undersigned.web.reader.words import own_name, words


def press_kit(view: LetterView, state: State, language: str, printed: list[tuple[int, str]]) -> bytes:
    """The press kit as HTML. ``printed``: number and language of each PDF that is served."""
    said, manifest, standing = words(language), view.manifest, view.standing
    means = count_said(standing, said)
    saying = say_state(state, manifest, said)
    context: dict[str, Any] = {
        **frame(view, language, "press/{language}.html"),
        "heading": said["for_press"],
        "count": number(standing.count, said["language"]),
        "summary": summary(standing, saying, said),
        "count_said": means,
        "count_detail": count_detail(standing, manifest, said),
        "address": f"{view.origin}/{language}/",
        "may_sign": may_sign(manifest, said),
        "now": saying.now,
        "names": saying.names,
        "names_path": f"/{view.slug}/{live_path(language)}" if not manifest.sealed else None,
        "when": when_opened(manifest, said) if manifest.sealed else "",
        "letter": view.letter,
        "printed": [
            {"path": f"/{view.slug}/press/{n}/{tag}.pdf", "name": _printed(said, n, tag)} for n, tag in printed
        ],
        "picture": f"/{view.slug}/share/{language}.png",
        "codes": _codes(view, language, means),
        "contact": view.contact,
        "mailed": "@" in view.contact and " " not in view.contact and "/" not in view.contact,
        "verifies": are_built(),
        "verify": f"/{view.slug}/{language}/verify/",
        "command": f"undersigned verify {view.origin}/",
    }
    return render_to_string("reader/press_kit.html", context).encode("utf-8")


def _printed(said: dict[str, str], number: int, tag: str) -> str:
    name = own_name(tag)
    return say(said, "press_edition_in", number=number, language=name)


def _codes(view: LetterView, language: str, means: str) -> list[str]:
    """HTML snippets that embed the count: as an iframe, and as a picture."""
    (width, height), title = SIZES["count"], escape(means)
    embed, page = f"{view.origin}/embed/{language}", f"{view.origin}/{language}/"
    picture = f'<img src="{embed}.svg" width="{width}" height="{height}" alt="{title}">'
    return [
        f'<iframe src="{embed}.html" width="{width}" height="330" title="{title}"></iframe>',
        f'<a href="{page}">{picture}</a>',
    ]
