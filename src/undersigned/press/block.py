"""The list of names as a block to fill columns with: one entry per line or run-in, measured in ems for any size.

A *row* is one line of a column. A *chunk* is rows that stay together (an entry of a list; one line of run-in text);
a heading's rows stay with the chunk after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .lines import Line, Units, justify, ragged
from .names import Word

Style = Literal["list", "run-in"]
HANGING_INDENT: Final = 1.0
"""Hanging indent of an entry's second and further lines in a list, in ems."""


@dataclass(frozen=True, slots=True)
class Section:
    """One group: its ``heading`` (may be empty) and its entries' words; in run-in, one paragraph with separators."""

    heading: tuple[Word, ...]
    entries: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a column. ``kind``: ``blank``, ``head``, ``first`` (of an entry), ``turn`` (later) or ``run``."""

    kind: str
    words: Sequence[Word] = ()
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that must stay in one column. ``entry``: its index in a list, or -1. ``lead``: blank rows before it."""

    rows: tuple[Row, ...]
    entry: int = -1
    lead: int = 0


class Block:
    """The sections with their words' widths in ems, as measured at one type size."""

    def __init__(
        self, sections: Sequence[Section], style: Style, widths: Sequence[Sequence[float]], space: float, separator: str
    ) -> None:
        """``widths``: of each paragraph of ``paragraphs(sections, style, separator)``, in order; ``space``: in ems."""
        self.sections = sections
        self.style = style
        self.space = space
        self._paragraphs = paragraphs(sections, style, separator)
        self._widths = widths
        self._totals = [
            sum(w) + space * sum(1 for x in p.words[1:] if x.glue in (" ", "~"))
            for p, w in zip(self._paragraphs, widths, strict=True)
        ]
        self._unbreakable = [
            self._longest_unbreakable(p.words, w) for p, w in zip(self._paragraphs, widths, strict=True)
        ]
        self.longest = max(self._unbreakable, default=0.0)
        self.total = sum(self._totals)

    def _longest_unbreakable(self, words: Sequence[Word], widths: Sequence[float]) -> float:
        longest = current = 0.0
        for word, width in zip(words, widths, strict=True):
            if word.glue in ("+", "~"):
                current += width + (self.space if word.glue == "~" else 0)
            else:
                current = width
            longest = max(longest, current)
        return longest

    def find_widest_entry(self) -> int:
        """The entry with the widest unbreakable piece, or -1."""
        if not self._unbreakable:
            return -1
        paragraph = self._paragraphs[max(range(len(self._unbreakable)), key=self._unbreakable.__getitem__)]
        if paragraph.entry >= 0 or self.style == "list":
            return paragraph.entry
        widest, owner = 0.0, -1
        for p, widths in zip(self._paragraphs, self._widths, strict=True):
            for word, width in zip(p.words, widths, strict=True):
                if width > widest:
                    widest, owner = width, word.owner
        return owner

    def estimate(self, measure: float) -> float:
        """Approximate number of rows in columns of ``measure`` ems; slightly low."""
        if self.style == "list":
            return float(sum(self.chunk_heights(measure)))
        rows = 0.0
        for paragraph, total in zip(self._paragraphs, self._totals, strict=True):
            rows += 2.0 if paragraph.heading else max(1.0, total / measure + 0.4)
        return rows

    def chunk_heights(self, measure: float) -> list[int]:
        """Rows of each chunk of a list; a heading's rows are counted with the entry after it."""
        out: list[int] = []
        before = 0
        for i, (paragraph, total) in enumerate(zip(self._paragraphs, self._totals, strict=True)):
            rows = 1 if total <= measure else len(self._lines(i, measure))
            if paragraph.heading:
                before += rows + (1 if out else 0)
            else:
                out.append(before + rows)
                before = 0
        return out

    def wrapped_share(self, measure: float) -> float:
        """The share of a list's entries that need more than one line."""
        entries = [t for p, t in zip(self._paragraphs, self._totals, strict=True) if not p.heading]
        return sum(t > measure for t in entries) / max(1, len(entries))

    def _lines(self, i: int, measure: float) -> list[Line]:
        words, widths = self._paragraphs[i].words, self._widths[i]
        if self._paragraphs[i].heading or self.style == "list":
            units = Units.of(words, widths, measure - HANGING_INDENT, self.space)
            return ragged(units, len(words), measure, self.space, HANGING_INDENT)
        return justify(Units.of(words, widths, measure, self.space), len(words), measure, self.space)

    def chunks(self, measure: float) -> list[Chunk]:
        """All rows, broken into lines for columns of ``measure`` ems."""
        out: list[Chunk] = []
        head: list[Row] = []
        for i, paragraph in enumerate(self._paragraphs):
            lines = self._lines(i, measure)
            if paragraph.heading:
                head = [Row("head", paragraph.words, line) for line in lines]
                continue
            if self.style == "list":
                rows = [Row("turn" if j else "first", paragraph.words, line) for j, line in enumerate(lines)]
                out.append(Chunk((*head, *rows), paragraph.entry, int(bool(head and out))))
            else:
                for j, line in enumerate(lines):
                    first = tuple(head) if j == 0 else ()
                    lead = int(bool(first and out))
                    out.append(Chunk((*first, Row("run", paragraph.words, line)), -1, lead))
            head = []
        return out


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words broken into lines together. ``entry``: its index in a list, else -1."""

    words: tuple[Word, ...]
    heading: bool
    entry: int


def paragraphs(sections: Sequence[Section], style: Style, separator: str) -> list[Paragraph]:
    """The texts to break into lines: every heading, and every entry (list) or all entries of a section (run-in)."""
    out: list[Paragraph] = []
    index = 0
    for section in sections:
        if section.heading:
            out.append(Paragraph(section.heading, True, -1))
        if style == "list":
            for entry in section.entries:
                out.append(Paragraph(entry, False, index))
                index += 1
        elif section.entries:
            words: list[Word] = []
            for number, entry in enumerate(section.entries):
                if number:
                    # No break between a name and its separator, so that no line begins with a separator.
                    words.append(Word(separator, "~"))
                words += entry
            out.append(Paragraph(tuple(words), False, -1))
    return out
