"""The reader's and archive's PDF: A4, tagged, PDF/A-3a and PDF/UA-1 in one file, with edition.json attached.

Meant for screens, screen readers and shelves, not for a press: it is searchable, its names are real lists, and the
attached edition is the very bytes its id is made of. It is proved as a newspaper's page is, by text and by ink, before
it is written.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fontTools import unicodedata as scripts

from undersigned.protocol.tally import tally

from . import proof
from .clusters import clusters_of
from .compose import count_line, heading_of
from .letter import Paragraph, paragraphs_of
from .missing import Settled, without_doubt
from .names import LONG_WORD, Entry, direction_of, own_direction
from .order import PageOrder, check
from .output import write_all
from .pdf import Engine
from .proof import Told
from .report import Mended
from .words import Words, words_for

STANDARDS: Final = ["a-3a", "ua-1"]
_APART: Final = frozenset({"Latn", "Cyrl", "Grek", "Hebr"})
_OPEN: Final = {"ltr": "\u2066", "rtl": "\u2067"}


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """``names``: how many are in it; ``aside``: how many more are counted and cannot be set.

    ``files``: name to SHA-256. ``proof``: what was compared of what is painted.

    ``mended``: what is not printed as it was signed. The edition attached to the file holds everything as it was.
    """

    names: int
    standards: tuple[str, ...]
    edition_id: str
    files: dict[str, str]
    aside: int = 0
    mended: tuple[Mended, ...] = ()
    proof: dict[str, Any] = dataclasses.field(default_factory=dict)


def make_archive(order: PageOrder, out: Path, *, progress: Callable[[str, float], None] | None = None) -> ArchiveReport:
    """Writes archive.pdf and archive.json into ``out``, whole or not at all. Paper and style do not matter.

    Raises OrderError, FontError, MissingGlyphError (for headline or letter) or ReadBackError, and then writes nothing.
    """
    report = without_doubt(check(order), lambda settled: _make(settled, out, progress or _silent))
    if progress is not None:
        progress("written", 1.0)
    return report


def _silent(_what: str, _share: float) -> None:
    """Nobody listens."""


def _make(settled: Settled, out: Path, tell: Callable[[str, float], None]) -> ArchiveReport:
    writing = _Writing(settled)
    tell("read the edition", 0.3)
    engine, made = Engine(settled.stack), settled.checked
    order = made.order
    data = writing.data(engine)
    pdf = engine.document("archive.typ", data, {"edition.json": order.edition}, STANDARDS, order.timestamp)
    facts = proof.prove(pdf, writing.blocks, settled.stack, made.order.lang)
    report = ArchiveReport(
        len(settled.entries),
        tuple(STANDARDS),
        made.id,
        {"archive.pdf": hashlib.sha256(pdf).hexdigest()},
        settled.aside,
        settled.changes,
        facts,
    )
    text = json.dumps(dataclasses.asdict(report), ensure_ascii=False, sort_keys=True, indent=1)
    write_all(out, {"archive.pdf": pdf, "archive.json": text.encode() + b"\n"})
    return report


def _breakable(text: str) -> str:
    """``text`` with a place to break (U+200B) in words that may be wider than a column, of letters that do not join."""
    return " ".join(_parted(word) if len(word) > LONG_WORD else word for word in text.split(" "))


def _parted(word: str) -> str:
    clusters = clusters_of(word)
    if any(scripts.script(cluster[0]) not in _APART for cluster in clusters):
        return word
    parts = ["".join(clusters[at : at + LONG_WORD]) for at in range(0, len(clusters), LONG_WORD)]
    return "\u200b".join(parts)


class _Writing:
    """What the document says, in order: handed to the engine as data, and to the proof as what must stand there."""

    def __init__(self, settled: Settled) -> None:
        self._settled = settled
        self._order = settled.checked.order
        self._side = direction_of(self._order.lang)
        self._words: Words = words_for(self._order.lang)
        self.blocks: list[Told] = []

    def data(self, engine: Engine) -> dict[str, Any]:
        """The document's data; ``blocks`` is complete afterwards."""
        checked, order, words = self._settled.checked, self._order, self._words
        self._engine = engine
        headline = self._told(order.title, "b")
        letter = [self._paragraph(paragraph) for paragraph in paragraphs_of(order.text)]
        grouped = dict.fromkeys(entry.group for entry in self._settled.entries) if order.sections else {}
        found = tally(checked.edition.counts)
        count = self._told(count_line(found, words, [group for group in grouped if group]), "b")
        more = []
        if self._settled.aside:
            more.append(self._told(words.say("more", n=self._settled.aside)))
            more.append(self._told(f"\u2066{order.address}\u2069"))
        entries = self._settled.entries
        groups: dict[str, list[tuple[int, Entry]]] = {}
        for number, entry in enumerate(entries):
            groups.setdefault(entry.group if order.sections else "", []).append((number, entry))
        sections = []
        for group, rows in groups.items():
            heading = heading_of(checked, group, words) if group else ""
            said = self._told(heading, "b") if heading else ""
            sections.append({"heading": said, "names": [self._name(number, entry) for number, entry in rows]})
        return {
            "title": order.title,
            "headline": headline,
            "lang": order.lang.split("-")[0],
            "dir": self._side,
            "letter": letter,
            "count": count,
            "more": more,
            "sections": sections,
            "bullet": engine.cut("\u2022"),
            "columns": 1 if max((len(e.name) + len(e.title) for e in entries), default=0) > 90 else 2,
            "foot": engine.cut(f"{words.say('edition', n=checked.edition.number)} · \u2066{checked.id}\u2069"),
            "attached": f"edition.json, {checked.id}",
        }

    def _told(self, text: str, way: str = "r", owner: int = -1, name: str = "") -> Any:
        self.blocks.append(Told(((way, text),), owner, name))
        return self._engine.cut(text, way)

    def _name(self, number: int, entry: Entry) -> Any:
        text = _breakable(entry.name + (self._words.comma + entry.title if entry.title else ""))
        own = own_direction(entry.name or entry.title) or self._side
        shown = f"{_OPEN[own]}{text}\u2069" if own != self._side else text
        return self._told(shown, owner=number, name=entry.name)

    def _paragraph(self, paragraph: Paragraph) -> dict[str, Any]:
        pieces: list[tuple[str, str]] = []
        for number, word in enumerate(paragraph.words):
            glue = {" ": " ", "~": "\u00a0"}.get(word.glue, "") if number else ""
            if pieces and pieces[-1][0] == word.face:
                pieces[-1] = (word.face, pieces[-1][1] + glue + word.text)
            else:
                pieces.append((word.face, glue + word.text))
        if paragraph.kind == "item":
            self.blocks.append(Told((("r", "\u2022"),)))
        self.blocks.append(Told(tuple(pieces)))
        return {"kind": paragraph.kind, "words": [(way, self._engine.cut(text, way)) for way, text in pieces]}
