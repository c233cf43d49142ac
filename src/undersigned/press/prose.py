"""Layout of headline and letter: lines on a baseline grid, in columns of a readable measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .design import LETTER_LEAD, LETTER_MEASURE
from .letter import Paragraph
from .lines import Line, Units, balanced, justify, ragged
from .names import Word, direction_of, words_of
from .pdf import Engine
from .setting import set_words
from .sheet import Anchor, Box, Sheet

INDENT: Final = 1.2
"""First-line indent of a paragraph in ems; the first paragraph has none."""
STAND_IN: Final = 1.5
"""Indent of list items and quotations in ems."""


def word_widths(engine: Engine, words: Sequence[Word], size: float, lang: str) -> list[float]:
    """Widths in ems of ``words`` set at ``size`` points."""
    faces = sorted({word.face for word in words})
    batches = [(size, face, lang, [w.text for w in words if w.face == face]) for face in faces]
    found = {face: iter(widths) for face, widths in zip(faces, engine.widths(batches), strict=True)}
    return [next(found[word.face]) / size for word in words]


@dataclass(frozen=True, slots=True)
class Prose:
    """A letter broken at ``size`` points into ``columns`` of ``measure`` ems: rows of (indent, words, line) or None."""

    lang: str
    size: float
    columns: int
    measure: float
    gutter: float
    rows: tuple[tuple[float, tuple[Word, ...], Line] | None, ...]
    space: float

    @property
    def depth(self) -> int:
        """Rows of the fullest column."""
        return -(-len(self.rows) // self.columns)

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return self.depth * self.size * LETTER_LEAD

    @property
    def widest_gap(self) -> float:
        """The widest word space, in ems."""
        return max((row[2].gap for row in self.rows if row), default=0.0)

    def place(self, sheet: Sheet, box: Box, align: str) -> None:
        """Places it at the top of ``box``; if it is narrower, centred or at the start edge."""
        side = direction_of(self.lang)
        pitch = self.size * LETTER_LEAD
        wide = self.columns * self.measure * self.size + (self.columns - 1) * self.gutter
        spare = box.width - wide
        left = box.x + (spare / 2 if align == "center" else 0.0 if side == "ltr" else spare)
        depth = self.depth
        for i, row in enumerate(self.rows):
            if row is None:
                continue
            column, level = divmod(i, depth)
            step = column * (self.measure * self.size + self.gutter)
            x = left + step if side == "ltr" else left + wide - step
            indent = row[0] * self.size * (1 if side == "ltr" else -1)
            y = box.y + (level + 0.76) * pitch
            sheet.lines.append(set_words(row[1], row[2], x + indent, y, self.size, self.space, self.lang))


def lay_letter(
    engine: Engine, paragraphs: Sequence[Paragraph], lang: str, size: float, width: float, *, columns: int | None = None
) -> Prose:
    """The letter at ``size`` in a width of ``width`` points; as many columns as keep its lines readable."""
    gutter = 2.2 * size
    if columns is None:
        columns = max(1, round((width + gutter) / (31.0 * size + gutter)))
    while True:
        measure = min((width - (columns - 1) * gutter) / columns / size, LETTER_MEASURE[1] + 4)
        rows, space = _rows(engine, paragraphs, lang, size, measure)
        if columns == 1 or len(rows) >= 4 * columns:
            return Prose(lang, size, columns, measure, gutter, tuple(rows), space)
        columns -= 1  # a short letter needs fewer columns


def _rows(
    engine: Engine, paragraphs: Sequence[Paragraph], lang: str, size: float, measure: float
) -> tuple[list[tuple[float, tuple[Word, ...], Line] | None], float]:
    space = engine.space(size, "r", lang) / size
    rows: list[tuple[float, tuple[Word, ...], Line] | None] = []
    for number, paragraph in enumerate(paragraphs):
        words = paragraph.words
        after = paragraphs[number - 1].kind if number else "head"
        inset = STAND_IN if paragraph.kind in ("item", "quote") else 0.0
        indent = INDENT if paragraph.kind == "text" and after == "text" else 0.0
        if paragraph.kind == "head" and number:
            rows.append(None)
        widths = word_widths(engine, words, size, lang)
        room = measure - inset
        units = Units.of(words, widths, room, space)
        if paragraph.kind == "head":
            lines = ragged(units, len(words), room, space)
        else:
            lines = justify(units, len(words), room, space, indent)
        for i, line in enumerate(lines):
            rows.append((inset + (indent if i == 0 else 0.0), words, line))
        if paragraph.mark and lines:
            rows[-len(lines)] = _with_list_mark(engine, paragraph, lines[0], lang, size)
    return rows, space


def _with_list_mark(
    engine: Engine, paragraph: Paragraph, line: Line, lang: str, size: float
) -> tuple[float, tuple[Word, ...], Line]:
    mark = Word(paragraph.mark)
    (width,) = word_widths(engine, [mark], size, lang)
    start = max(0.0, STAND_IN - width - line.gap)
    marked = Line(line.start, line.end + 1, line.gap, line.width + width + line.gap)
    return start, (mark, *paragraph.words), marked


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline broken into lines of even length at ``size`` points."""

    lang: str
    size: float
    words: tuple[Word, ...]
    lines: tuple[Line, ...]
    space: float
    lead: float

    @property
    def height(self) -> float:
        """Points."""
        return len(self.lines) * self.size * self.lead

    def place(self, sheet: Sheet, box: Box, align: str) -> None:
        """Places it at the top of ``box``."""
        side = direction_of(self.lang)
        for i, line in enumerate(self.lines):
            y = box.y + (i + 0.8) * self.size * self.lead
            anchor: Anchor
            if align == "center":
                x, anchor = box.x + box.width / 2, "c"
            else:
                x, anchor = (box.x, "l") if side == "ltr" else (box.right, "r")
            sheet.lines.append(set_words(self.words, line, x, y, self.size, self.space, self.lang, anchor=anchor))


def lay_headline(
    engine: Engine, title: str, lang: str, size: float, width: float, *, most: int = 2, face: str = "h"
) -> Headline:
    """``title`` in at most ``most`` lines if a size of at least 14 points allows, else in as many as it takes."""
    words = tuple(words_of(title, face=face))
    lead = 1.32 if lang.split("-")[0] in ("ar", "fa", "ur") else 1.12
    while True:
        widths = word_widths(engine, words, size, lang)
        space = engine.space(size, face, lang) / size
        measure = width / size
        units = Units.of(words, widths, measure, space)
        lines = balanced(units, len(words), measure, space)
        if len(lines) <= most or size <= 14:
            return Headline(lang, size, words, tuple(lines), space, lead)
        size = max(14.0, round(size * 0.93, 1))
