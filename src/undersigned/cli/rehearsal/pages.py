"""The pages of a rehearsal: the edition, typeset for newspapers by the press."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from undersigned.client.letter import Letter
from undersigned.press import PageOrder, make_page

from . import draft

PAPERS: Final = (
    ("wall-street-journal", "wall-street-journal", "en", "list"),
    ("national-post", "national-post", "en", "run-in"),
    ("broadsheet", "371x528 mm", "he", "list"),
)
"""Name of the folder, the press's paper or a free size, language, style."""
Progress = Callable[[int, int], None]


def make(letter: Letter, edition: bytes, out: Path, now: datetime, progress: Progress) -> list[str]:
    """Typesets the edition for each paper into ``out/<paper>-<lang>/``; the names of these folders."""
    made = []
    for number, (name, paper, language, style) in enumerate(PAPERS, start=1):
        folder = f"{name}-{language}"
        order = PageOrder(
            edition=edition,
            title=draft.TITLES[language],
            text=draft.TEXTS[language],
            groups={group.id: group.name[language] for group in letter.manifest.groups},
            lang=language,
            paper=paper,
            style=style,
            design="classic",
            address=letter.link.base,
            imprint="A rehearsal with invented people. Nobody pays for this page.",
            timestamp=now.replace(microsecond=0),
        )
        make_page(order, out / folder)
        made.append(folder)
        progress(number, len(PAPERS))
    return made
