"""Page layout: finds the sizes of headline, letter, count, names and foot that fit, and places them on sheets.

Policy: the largest letter for which the names can still come close to their best size (or, where that is large, stay in
a fair proportion to the letter); then the largest names; then the space left over goes between the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from undersigned.protocol.tally import Tally, tally

from .block import Block, Section, paragraphs
from .design import (
    COUNT_UNDER_LETTER,
    DESIGNS,
    FOOT_SIZE,
    HEADLINE_OVER_LETTER,
    LARGEST_LETTER,
    LARGEST_NAMES,
    PREFERRED_NAMES,
    RULE,
    SMALLEST_LETTER,
    Design,
    names_lead,
)
from .fit import Area, Fit, fit, height_of
from .foot import Foot, lay_foot
from .letter import Paragraph, paragraphs_of
from .names import Entry, Word, direction_of, entry_words, words_of
from .order import Checked
from .pdf import Engine
from .prose import Headline, Prose, lay_headline, lay_letter, word_widths
from .readback import Place
from .setting import set_words
from .sheet import MM, Box, Sheet
from .words import Words, words_for

SEPARATOR = "·"


@dataclass(frozen=True, slots=True)
class Copy:
    """The page's text as words, before anything has a size."""

    entries: tuple[Entry, ...]
    sections: tuple[Section, ...]
    letters: tuple[tuple[str, str, tuple[Paragraph, ...]], ...]
    count: str
    more: str
    words: Words


@dataclass(frozen=True, slots=True)
class Layout:
    """A page that fits: its sheets, and the sizes it was laid out with."""

    sheets: tuple[Sheet, ...]
    names: Fit
    letter: tuple[Prose, ...]
    columns: tuple[tuple[int, Box], ...]
    """The columns of names in reading order, each with its page number from 0."""


class Composer:
    """Tries sizes for one order on one page of ``width`` by ``height`` points."""

    def __init__(self, checked: Checked, copy: Copy, engine: Engine) -> None:
        order, paper = checked.order, checked.paper
        assert paper.width is not None and paper.height is not None  # noqa: S101, PT018 - find_paper() has looked
        self.checked, self.copy, self.engine = checked, copy, engine
        self.width, self.height = round(paper.width * MM, 3), round(paper.height * MM, 3)
        self.design: Design = DESIGNS[order.design]
        self.lang = order.lang
        self.side = direction_of(order.lang)
        self.lead = names_lead(order.lang)
        self.floor = paper.type_floor
        margin = max(14.0, self.design.margin * min(self.width, self.height))
        self.box = Box(margin, margin, self.width - 2 * margin, self.height - 2 * margin)
        self.foot: Foot = lay_foot(engine, checked, copy.words, self.box, max(FOOT_SIZE, self.floor))
        self._blocks: dict[tuple[str, float], Block] = {}
        self._heads: dict[float, tuple[Headline, ...]] = {}
        self._counts: dict[float, Headline] = {}

    def block(self, style: str, size: float) -> Block:
        """The block of names in ``style``, measured at ``size``."""
        found = self._blocks.get((style, size))
        if found is None:
            rows = paragraphs(self.copy.sections, "list" if style == "list" else "run-in", SEPARATOR)
            every = [word for row in rows for word in row.words]
            flat = iter(word_widths(self.engine, every, size, self.lang))
            widths = [[next(flat) for _ in row.words] for row in rows]
            space = self.engine.space(size, "r", self.lang) / size
            found = Block(self.copy.sections, "list" if style == "list" else "run-in", widths, space, SEPARATOR)
            self._blocks[style, size] = found
        return found

    def heads(self, letter: float) -> tuple[Headline, ...]:
        """The headline of each language above a letter set at ``letter``; side by side if there are two."""
        letters = self.copy.letters
        width = self._beside(len(letters))
        # With few signatories the letter is set large; the headline must still be larger than the letter.
        size = min(54.0, max(17.0, self.design.headline * self.width, HEADLINE_OVER_LETTER * letter))
        if len(letters) > 1:
            size *= 0.66
        if self.design.names_first:
            size *= 0.8
        if size not in self._heads:
            rows = (lay_headline(self.engine, title, lang, size, width) for lang, title, _ in letters)
            self._heads[size] = tuple(rows)
        return self._heads[size]

    def _beside(self, number: int) -> float:
        return self.box.width if number == 1 else (self.box.width - 26.0) / 2

    def prose(self, size: float) -> tuple[Prose, ...]:
        """The letter in each language at ``size``."""
        width = self._beside(len(self.copy.letters))
        return tuple(lay_letter(self.engine, rows, lang, size, width) for lang, _, rows in self.copy.letters)

    def area(self, heads: Sequence[Headline], prose: Sequence[Prose]) -> Area:
        """The space that remains for the names."""
        taken = max(h.height for h in heads) + max(p.height for p in prose)
        taken += self._gaps(prose[0].size) + self._count_height(prose[0].size)
        first = self.foot.box.y - self.box.y - taken
        pages = self.checked.order.pages
        return Area(self.box.width, (first, *[self.box.height] * (pages - 1)))

    def _gaps(self, letter: float) -> float:
        return 1.0 * letter + 1.1 * letter + 0.9 * letter

    def _count(self, letter: float) -> Headline:
        size = max(10.5, min(16.0, self.width * 0.0145), COUNT_UNDER_LETTER * letter)
        if size not in self._counts:
            # One line if it fits; a count with a long explanation takes the lines it needs.
            text, width = self.copy.count, self.box.width
            self._counts[size] = lay_headline(self.engine, text, self.lang, size, width, most=1, face="b")
        return self._counts[size]

    def _count_height(self, letter: float) -> float:
        count = self._count(letter)
        return max(1.9 * count.size, count.height + 0.58 * count.size)

    def names(self, area: Area, style: str, low: float, high: float) -> Fit | None:
        """The best fit of the names into ``area``."""
        if min(area.heights) < low * 2:
            return None
        return fit(lambda size: self.block(style, size), area, lead=self.lead, low=low, high=high)

    def compose(self, progress: Callable[[str, float], None]) -> Layout | None:
        """The layout, or None if letter and names do not fit at the paper's minimum type size."""
        style = self.checked.order.style
        fixed = self.checked.order.letter_size
        sizes = [fixed] if fixed else [SMALLEST_LETTER + 0.5 * i for i in range(int((LARGEST_LETTER - 9) * 2) + 1)]
        tried: dict[float, tuple[tuple[Prose, ...], Fit | None]] = {}

        def attempt(letter: float, low: float, high: float) -> Fit | None:
            prose = self.prose(letter)
            names = self.names(self.area(self.heads(letter), prose), style, low, min(LARGEST_NAMES, high))
            tried[letter] = (prose, names)
            return names

        best = attempt(sizes[0], self.floor, LARGEST_NAMES)
        if best is None:
            return None
        progress("fitted at the smallest letter", 0.3)
        target = max(self.floor, min(PREFERRED_NAMES, 0.985 * best.size))
        low, high = 0, len(sizes) - 1
        while low < high:
            middle = (low + high + 1) // 2
            need = max(target, min(0.97 * best.size, 0.58 * sizes[middle]))
            if attempt(sizes[middle], need, sizes[middle]) is not None:
                low = middle
            else:
                high = middle - 1
        if low == 0 and best.size > sizes[0]:
            attempt(sizes[0], self.floor, sizes[0])  # no name is larger than the letter
        prose, names = tried[sizes[low]]
        if names is None:
            return None
        progress("fitted", 0.5)
        return self._place(self.heads(sizes[low]), prose, names)

    def _place(self, heads: Sequence[Headline], prose: Sequence[Prose], names: Fit) -> Layout:
        sheets = [Sheet() for _ in range(self.checked.order.pages)]
        sheet, box, letter = sheets[0], self.box, prose[0].size
        area = self.area(heads, prose)
        used = names.rows[0] * names.pitch
        spare = max(0.0, area.heights[0] - used)
        y = box.y
        boxes: list[tuple[int, Box]] = []
        head = max(h.height for h in heads)
        body = max(p.height for p in prose)
        air = min(spare / 4, 3.0 * letter)

        def write_heads() -> None:
            nonlocal y
            width = self._beside(len(heads))
            for i, item in enumerate(heads):
                item.place(sheet, Box(self._slot(i, width), y, width, head), self.design.align)
            y += head + 1.0 * letter + air

        def write_letter() -> None:
            nonlocal y
            width = self._beside(len(prose))
            for i, item in enumerate(prose):
                item.place(sheet, Box(self._slot(i, width), y, width, body), self.design.align)
            if len(prose) > 1:
                sheet.rules.append((box.x + box.width / 2 - RULE / 4, y, RULE / 2, body))
            y += body + 1.1 * letter + air

        def write_names() -> None:
            nonlocal y
            if self.design.rules:
                sheet.rules.append((box.x, y, box.width, RULE))
            count = self._count(letter)
            count.place(sheet, Box(box.x, y + 0.45 * count.size, box.width, count.height), self.design.align)
            y += self._count_height(letter)
            boxes.extend(self._boxes(names, 0, y))
            self._columns(sheet, names, 0, y)
            y += used + 0.9 * letter + air

        write_heads()
        if self.design.names_first:
            write_names()
            write_letter()
        else:
            write_letter()
            write_names()
        for number in range(1, len(sheets)):
            boxes.extend(self._boxes(names, number, box.y))
            self._columns(sheets[number], names, number, box.y)
        self.foot.place(sheet, self.design.rules)
        return Layout(tuple(sheets), names, tuple(prose), tuple(boxes))

    def _slot(self, i: int, width: float) -> float:
        first = (i == 0) == (self.side == "ltr")
        return self.box.x if first else self.box.right - width

    def _boxes(self, names: Fit, page: int, top: float) -> list[tuple[int, Box]]:
        step = names.measure + names.gutter
        lefts = [self.box.x + i * step for i in range(names.columns)]
        if self.side == "rtl":
            lefts = [self.box.right - names.measure - i * step for i in range(names.columns)]
        return [(page, Box(left, top, names.measure, names.rows[page] * names.pitch)) for left in lefts]

    def _columns(self, sheet: Sheet, names: Fit, page: int, top: float) -> None:
        for number, column in enumerate(names.dealt[page]):
            step = number * (names.measure + names.gutter)
            left = self.box.x + step if self.side == "ltr" else self.box.right - step
            row = 0
            for place, chunk in enumerate(column):
                row += chunk.lead if place else 0
                for item in chunk.rows:
                    if item.line is not None:
                        indent = names.size if item.kind == "turn" else 0.0
                        x = left + indent if self.side == "ltr" else left - indent
                        y = _baseline(names, top, row)
                        sheet.lines.append(set_words(item.words, item.line, x, y, names.size, names.space, self.lang))
                    row += 1
            assert row == height_of(column)  # noqa: S101 - the fit counted the same rows


def _baseline(names: Fit, top: float, row: int) -> float:
    return top + row * names.pitch + 0.8 * names.size + (names.pitch - names.size) / 2


def places_of(layout: Layout) -> list[Place]:
    """Where readback.py looks for the names."""
    pages = dict.fromkeys(page for page, _ in layout.columns)
    places = []
    for page in pages:
        boxes = [box for at, box in layout.columns if at == page]
        columns = tuple((box.x, box.right) for box in boxes)
        names, top = layout.names, boxes[0].y
        lines = tuple(_baseline(names, top, row) for row in range(names.rows[page]))
        places.append(Place(page, columns, top, boxes[0].bottom, lines))
    return places


def count_line(found: Tally, words: Words, groups: Collection[str]) -> str:
    """An edition's number in words, and how many of its signatories the list does not name.

    ``groups``: the groups shown on the page with a number of their own, if any. Then the remainder is stated too, so
    that a reader who adds the numbers up gets the total.
    """
    text = words.say("signatories", n=found.number)
    if found.unnamed:
        text += " " + words.say("unnamed", n=found.unnamed)
    rest = found.outside(groups) if groups else 0
    return text + (" " + words.say("groupless", n=rest) if rest else "")


def heading_of(checked: Checked, group: str, words: Words) -> str:
    """A group's name and size, anonymous signatories included."""
    found = tally(checked.edition.counts)
    return words.say("group", name=checked.order.groups.get(group, group), n=found.groups.get(group, 0))


def copy_of(checked: Checked, entries: Sequence[Entry], *, aside: int = 0) -> Copy:
    """The words of the page: names in sections, letters, count. ``aside``: how many names cannot be typeset."""
    order, edition = checked.order, checked.edition
    words = words_for(order.lang)
    side = direction_of(order.lang)
    shown = entries[: order.first] if order.first else entries
    by_group: dict[str, list[tuple[Word, ...]]] = {}
    for i, entry in enumerate(shown):
        group = entry.group if order.sections and len(order.groups) > 1 else ""
        by_group.setdefault(group, []).append(tuple(entry_words(entry, i, side, words.comma)))
    sections = []
    for group, rows in by_group.items():
        heading = heading_of(checked, group, words) if group else ""
        sections.append(Section(tuple(words_of(heading, face="b")), tuple(rows)))
    count = count_line(tally(edition.counts), words, [group for group in by_group if group])
    elsewhere = len(entries) - len(shown) + aside
    more = words.say("more", n=elsewhere) if elsewhere else ""
    letters = [(order.lang, order.title, tuple(paragraphs_of(order.text)))]
    if order.beside is not None:
        letters.append((order.beside.lang, order.beside.title, tuple(paragraphs_of(order.beside.text))))
    return Copy(tuple(shown), tuple(sections), tuple(letters), count + (" " + more if more else ""), more, words)
