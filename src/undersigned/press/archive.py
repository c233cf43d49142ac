"""The reader's and archive's PDF: A4, tagged, PDF/A-3a and PDF/UA-1 in one file, with edition.json attached.

Meant for screens, screen readers and shelves, not for a press: it is searchable, its names are real lists, and the
attached edition is the very bytes its id is made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from undersigned.protocol.tally import tally

from .compose import count_line, heading_of
from .fonts import stack_for
from .letter import Paragraph, paragraphs_of
from .names import direction_of, entries_of, own_direction
from .order import PageOrder, check
from .output import write_all
from .pdf import Engine
from .words import words_for

STANDARDS: Final = ["a-3a", "ua-1"]
_OPEN: Final = {"ltr": "\u2066", "rtl": "\u2067"}


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """``files``: name to SHA-256; ``names``: how many are in it."""

    names: int
    standards: tuple[str, ...]
    edition_id: str
    files: dict[str, str]


def make_archive(order: PageOrder, out: Path, *, progress: Callable[[str, float], None] | None = None) -> ArchiveReport:
    """Writes archive.pdf and archive.json into ``out``, whole or not at all. Paper and style do not matter.

    Raises OrderError, FontError or MissingGlyphError, and then writes nothing.
    """
    checked = check(order)
    entries = entries_of(checked.edition, order.groups, order.lang, titles=order.titles)
    words = words_for(order.lang)
    side = direction_of(order.lang)
    shown: dict[str, list[str]] = {}
    for e in entries:
        text = e.name + (words.comma + e.title if e.title else "")
        shown.setdefault(e.group if order.sections else "", []).append(_shown(text, e.name or e.title, side))
    sections = [
        {"heading": heading_of(checked, group, words) if group else "", "names": rows} for group, rows in shown.items()
    ]
    foot = f"{words.say('edition', n=checked.edition.number)} · \u2066{checked.id}\u2069"
    data: dict[str, Any] = {
        "title": order.title,
        "lang": order.lang.split("-")[0],
        "dir": side,
        "letter": [_spoken(paragraph) for paragraph in paragraphs_of(order.text)],
        "count": count_line(tally(checked.edition.counts), words, [group for group in shown if group]),
        "more": "",
        "sections": sections,
        "columns": 1 if max((len(e.name) + len(e.title) for e in entries), default=0) > 90 else 2,
        "foot": foot,
        "attached": f"edition.json, {checked.id}",
    }
    texts = [text for rows in shown.values() for text in rows]
    texts += [json.dumps({**data, "sections": []}, ensure_ascii=False), "0123456789•‣", *order.groups.values()]
    engine = Engine(stack_for(order.lang, texts))
    if progress is not None:
        progress("read the edition", 0.3)
    pdf = engine.document("archive.typ", data, {"edition.json": order.edition}, STANDARDS, order.timestamp)
    digest = hashlib.sha256(pdf).hexdigest()
    report = ArchiveReport(len(entries), tuple(STANDARDS), checked.id, {"archive.pdf": digest})
    facts = {"names": report.names, "standards": STANDARDS, "edition_id": checked.id, "files": report.files}
    write_all(out, {"archive.pdf": pdf, "archive.json": json.dumps(facts, sort_keys=True, indent=1).encode() + b"\n"})
    if progress is not None:
        progress("written", 1.0)
    return report


def _spoken(paragraph: Paragraph) -> dict[str, Any]:
    pieces: list[tuple[str, str]] = []
    for number, word in enumerate(paragraph.words):
        glue = {" ": " ", "~": "\u00a0"}.get(word.glue, "") if number else ""
        if pieces and pieces[-1][0] == word.face:
            pieces[-1] = (word.face, pieces[-1][1] + glue + word.text)
        else:
            pieces.append((word.face, glue + word.text))
    return {"kind": paragraph.kind, "words": pieces}


def _shown(text: str, name: str, side: str) -> str:
    own = own_direction(name) or side
    return f"{_OPEN[own]}{text}\u2069" if own != side else text
