"""Typesets the edition of a rehearsal as newspaper pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from undersigned.client.letter import Letter
from undersigned.press import PageOrder, PressError, make_page

from .. import voice
from . import draft

PAPERS: Final = (
    ("wall-street-journal", "wall-street-journal", "en", "list"),
    ("welt", "welt", "en", "run-in"),
    ("broadsheet", "371x528 mm", "he", "list"),
)
"""Name of the folder, the press's paper or a free size, language, style."""
Progress = Callable[[int, int], None]


def make(letter: Letter, edition: bytes, out: Path, now: datetime, progress: Progress) -> list[dict[str, Any]]:
    """Typesets the edition for each paper into ``out/<paper>-<lang>/``.

    Returns for each the folder's name, the type size in points, and the reason if there is no page, else None.
    """
    made: list[dict[str, Any]] = []
    for number, (name, paper, language, style) in enumerate(PAPERS, start=1):
        folder = f"{name}-{language}"
        row: dict[str, Any] = {"page": folder, "style": style, "error": None}
        try:
            report = make_page(_order(letter, edition, now, paper, language, style), out / folder)
            row["points"] = report.fit.reached
        except PressError as error:
            # The rehearsal goes on; the number of pages will show that one is missing.
            row["error"] = str(error)
            voice.fail(f"{folder}: {error}")
        made.append(row)
        progress(number, len(PAPERS))
    return made


def _order(letter: Letter, edition: bytes, now: datetime, paper: str, language: str, style: str) -> PageOrder:
    return PageOrder(
        edition=edition,
        title=draft.TITLES[language],
        text=draft.TEXTS[language],
        groups={group.id: group.name[language] for group in letter.manifest.groups},
        lang=language,
        paper=paper,
        style=style,
        design="classic",
        address=letter.link.base,
        imprint="A rehearsal with invented people. This page is not a paid advertisement.",
        timestamp=now.replace(microsecond=0),
    )
