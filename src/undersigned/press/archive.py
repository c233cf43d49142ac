"""The archive PDF for readers: A4, tagged, PDF/A-3a and PDF/UA-1 in one file, with edition.json attached.

For screens, screen readers and archives, not for a printing press: it is searchable, the names are real lists, and the
attached edition is byte for byte the file that the edition id is a hash of. Before it is written, its text, glyphs and
ink are checked as a newspaper page's are (proof.py).
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
from .missing_glyphs import PrintableOrder, make_without_failing_names
from .names import LONG_WORD, Entry, direction_of, own_direction
from .order import PageOrder, check
from .output import write_all
from .pdf import Engine
from .proof import ExpectedText
from .report import Alteration
from .words import Words, words_for

STANDARDS: Final = ["a-3a", "ua-1"]
_NON_JOINING: Final = frozenset({"Latn", "Cyrl", "Grek", "Hebr"})
_OPEN: Final = {"ltr": "\u2066", "rtl": "\u2067"}


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """``names``: how many are in it; ``aside``: how many more are counted and cannot be typeset.

    ``files``: name to SHA-256. ``proof``: figures of the glyph and ink comparison.

    ``mended``: what is not printed as it was signed. The attached edition holds everything unchanged.
    """

    names: int
    standards: tuple[str, ...]
    edition_id: str
    files: dict[str, str]
    aside: int = 0
    mended: tuple[Alteration, ...] = ()
    proof: dict[str, Any] = dataclasses.field(default_factory=dict)


def make_archive(order: PageOrder, out: Path, *, progress: Callable[[str, float], None] | None = None) -> ArchiveReport:
    """Writes archive.pdf and archive.json into ``out``, both or neither. The order's paper and style are not used.

    Raises OrderError, FontError, MissingGlyphError (for headline or letter) or ReadBackError, and then writes nothing.
    """
    report = make_without_failing_names(check(order), lambda settled: _make(settled, out, progress or _ignore_progress))
    if progress is not None:
        progress("written", 1.0)
    return report


def _ignore_progress(_what: str, _share: float) -> None:
    """The progress callback when the caller passes none."""


def _make(settled: PrintableOrder, out: Path, tell: Callable[[str, float], None]) -> ArchiveReport:
    writing = _Document(settled)
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


def _add_breaks(text: str) -> str:
    """Adds break opportunities (U+200B) to words that may be wider than a column, in scripts that do not join."""
    return " ".join(_split_long_word(word) if len(word) > LONG_WORD else word for word in text.split(" "))


def _split_long_word(word: str) -> str:
    clusters = clusters_of(word)
    if any(scripts.script(cluster[0]) not in _NON_JOINING for cluster in clusters):
        return word
    parts = ["".join(clusters[at : at + LONG_WORD]) for at in range(0, len(clusters), LONG_WORD)]
    return "\u200b".join(parts)


class _Document:
    """The document's content in order: as data for the template, and as the list of texts the proof expects."""

    def __init__(self, settled: PrintableOrder) -> None:
        self._settled = settled
        self._order = settled.checked.order
        self._side = direction_of(self._order.lang)
        self._words: Words = words_for(self._order.lang)
        self.blocks: list[ExpectedText] = []

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
            "bullet": engine.itemise("\u2022"),
            "columns": 1 if max((len(e.name) + len(e.title) for e in entries), default=0) > 90 else 2,
            "foot": engine.itemise(f"{words.say('edition', n=checked.edition.number)} · \u2066{checked.id}\u2069"),
            "attached": f"edition.json, {checked.id}",
        }

    def _told(self, text: str, way: str = "r", owner: int = -1, name: str = "") -> Any:
        self.blocks.append(ExpectedText(((way, text),), owner, name))
        return self._engine.itemise(text, way)

    def _name(self, number: int, entry: Entry) -> Any:
        text = _add_breaks(entry.name + (self._words.comma + entry.title if entry.title else ""))
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
            self.blocks.append(ExpectedText((("r", "\u2022"),)))
        self.blocks.append(ExpectedText(tuple(pieces)))
        return {"kind": paragraph.kind, "words": [(way, self._engine.itemise(text, way)) for way, text in pieces]}
