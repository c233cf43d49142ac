"""Proof of a finished PDF by glyph and by ink: it paints exactly the glyphs that our fonts give for the expected texts.

By glyph: each expected text is shaped again by HarfBuzz in the face chosen for it. The painted glyphs must be the same,
one for one, in visual order. Glyphs are compared by outline: the embedded font's with the original font's. A missing,
different or empty glyph is a difference. The text layer must have the same letters.

By ink: the pages are rendered (PDFium), and each line's box must have as much ink as its outlines. This also finds text
that is white, covered, clipped or never drawn.
"""

from __future__ import annotations

import bisect
import difflib
import io
import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import pikepdf
from fontTools import unicodedata as scripts

from . import paint
from .bidi import levels, reorder
from .clusters import IGNORED
from .errors import ReadBackError
from .ink import InkCheck, InkedLine
from .names import Entry, direction_of
from .paint import Paint, Strip, distance, starts_line
from .runs import Run, part_of, run_of, segments
from .shaping import FontInstance, ink_of
from .sheet import Sheet
from .stack import Stack

LIKE: Final = 0.035
"""Tolerance on an outline's ink, as a share: coordinates are rounded when a font is embedded."""


@dataclass(frozen=True, slots=True)
class ExpectedText:
    """One text that the file must show: (way of setting, text) pieces, isolates included.

    ``owner``: its entry, or -1; ``name``: for error messages. ``lang`` and ``side``: "" means the document's.
    ``entries``: if several share a line, (entry, its text), in order.
    """

    pieces: tuple[tuple[str, str], ...]
    owner: int = -1
    name: str = ""
    lang: str = ""
    side: str = ""
    entries: tuple[tuple[int, str], ...] = field(default=())


def prove(data: bytes, told: Sequence[ExpectedText], stack: Stack, lang: str) -> dict[str, Any]:
    """Compares the PDF ``data`` with ``told``, in order. Returns figures for the report, or raises ReadBackError."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        painted = paint.read(pdf)
    reader = _Reader(painted, stack, lang)
    light = InkCheck(data, painted.sizes)
    try:
        smallest: dict[int, float] = {}
        for strip in painted.strips:
            smallest[strip.page] = min(strip.size, smallest.get(strip.page, strip.size))
        pages = sorted(smallest)
        for page in pages:
            light.ask(page, smallest[page])
        waiting: dict[int, list[InkedLine]] = {page: [] for page in pages}
        for text in told:
            for inked_line in reader.take(text):
                waiting[inked_line.page].append(inked_line)
                while pages[0] < inked_line.page:
                    # Texts are in page order: earlier pages are complete, so their lines can be compared now.
                    light.look(pages[0], waiting[pages.pop(0)])
        reader.end()
        for page in pages:
            light.look(page, waiting[page])
    finally:
        ink = light.close()
    return {"texts": len(told), "glyphs": reader.glyphs, "differences": 0, **ink}


def expected_texts(sheets: Sequence[Sheet], entries: Sequence[Entry]) -> list[ExpectedText]:
    """The expected texts of a page's sheets, line by line."""
    found: list[ExpectedText] = []
    for sheet in sheets:
        for line in sheet.lines:
            owner = line.entries[0][0] if line.entries else -1
            name = entries[owner].name if owner >= 0 else ""
            found.append(ExpectedText(line.pieces, owner, name, line.lang, line.direction, line.entries))
    return found


class _Reader:
    """Matches painted glyphs to expected texts, one text after another."""

    def __init__(self, painted: Paint, stack: Stack, lang: str) -> None:
        self.glyphs = 0
        self._painted = painted
        self._stack = stack
        self._lang = lang
        self._at = 0
        used: list[set[int]] = [set() for _ in painted.fonts]
        for strip in painted.strips:
            used[strip.font].update(strip.codes)
        for number, codes in enumerate(used):
            if 0 in codes:
                page = next(s.page for s in painted.strips if s.font == number and 0 in s.codes)
                raise ReadBackError(f"a glyph is missing on page {page + 1}")
        self._inked = [
            {code for code in codes if font.ink(code).area} for codes, font in zip(used, painted.fonts, strict=True)
        ]
        self._same: dict[tuple[int, FontInstance], dict[int, int]] = {}

    def take(self, told: ExpectedText) -> Iterator[InkedLine]:
        """The lines on which ``told`` is painted; raises ReadBackError if it is not painted completely."""
        side = told.side or direction_of(told.lang or self._lang)
        self._skip()
        strips = self._painted.strips
        size = strips[self._at].size if self._at < len(strips) else 10.0
        runs = [run for run in self._runs(told, side, size) if run.glyphs]
        lines = list(self._lines(sum(len(run.glyphs) for run in runs), told, runs))
        start = 0
        self._matched: list[tuple[Run, Sequence[tuple[Strip, int]]]] = []
        for line in lines:
            number = len(self._seen(line))
            part = runs if len(lines) == 1 else part_of(runs, start, number)
            start += number
            self._compare(told, part, line)
            self.glyphs += number
            yield _inked_line(line, part, told)
        self._text(told, [strip for line in lines for strip in line])

    def end(self) -> None:
        """Raises ReadBackError if anything is painted after the last expected text."""
        self._skip()
        if self._at < len(self._painted.strips):
            strip = self._painted.strips[self._at]
            raise ReadBackError(f"page {strip.page + 1} has text that does not belong there: {self._says(strip)!r}")

    def _compare(self, told: ExpectedText, part: Sequence[Run], line: Sequence[Strip]) -> None:
        """Compares one line from left to right: expected with painted glyphs."""
        seen = self._seen(line if len(part) == 1 else self._in_visual_order(line))
        at = 0
        for run in reorder(part, [run.level for run in part]):
            here = seen[at : at + len(run.glyphs)]
            if not self._has_same_glyphs(run, here):
                self._refuse(told, run, here)
            self._matched.append((run, here))
            at += len(run.glyphs)

    def _in_visual_order(self, line: Sequence[Strip]) -> list[Strip]:
        """The strips of a line sorted by position: the engine need not write them in visual order.

        A zero-width mark off the baseline stays with the nearer of the strips before and after it.
        """
        bodies = [number for number, strip in enumerate(line) if self._wide(strip)]
        if not bodies:
            return list(line)
        owner = {number: number for number in bodies}
        for number, strip in enumerate(line):
            if number not in owner:
                at = bisect.bisect(bodies, number)
                near = bodies[max(0, at - 1) : at + 1]
                owner[number] = min(near, key=lambda body: distance(strip, line[body]))
        order = sorted(range(len(line)), key=lambda number: (line[owner[number]].x0 + line[owner[number]].x1, number))
        return [line[number] for number in order]

    def _wide(self, strip: Strip) -> bool:
        font = self._painted.fonts[strip.font]
        return any(font.widths.get(code, font.default) for code in strip.codes)

    def _has_same_glyphs(self, run: Run, seen: Sequence[tuple[Strip, int]]) -> bool:
        """Whether each painted glyph has the outline of the expected one."""
        if len(seen) != len(run.glyphs):
            return False
        font = seen[0][0].font
        same = self._same.get((font, run.instance))
        if same is None:
            same = self._same[font, run.instance] = {}
        if [same.get(code) for _, code in seen] == run.glyphs and seen[-1][0].font == font:
            return all(strip.font == font for strip, _ in seen)
        start = 0
        for _, group in itertools.groupby(run.places):
            # The engine may paint a letter and its marks in any order: compare them as sets.
            end = start + len(list(group))
            left = run.glyphs[start:end]
            for strip, code in seen[start:end]:
                glyph = next((g for g in left if self._is(strip.font, code, run.instance, g)), None)
                if glyph is None:
                    return False
                left.remove(glyph)
            start = end
        return True

    def _is(self, font: int, code: int, instance: FontInstance, glyph: int) -> bool:
        same = self._same.setdefault((font, instance), {})
        if same.get(code) == glyph:
            return True
        if not ink_of(instance, glyph).like(self._painted.fonts[font].ink(code), LIKE):
            return False
        same[code] = glyph
        return True

    def _skip(self) -> None:
        strips = self._painted.strips
        while self._at < len(strips) and self._inked[strips[self._at].font].isdisjoint(strips[self._at].codes):
            self._at += 1

    def _seen(self, line: Sequence[Strip]) -> list[tuple[Strip, int]]:
        return [(strip, code) for strip in line for code in strip.codes if code in self._inked[strip.font]]

    def _lines(self, number: int, told: ExpectedText, runs: Sequence[Run]) -> Iterator[list[Strip]]:
        """The strips that paint the next ``number`` glyphs, line by line."""
        line: list[Strip] = []
        first: list[Strip] = []
        strips = self._painted.strips
        while number > 0:
            if self._at == len(strips):
                raise self._wrong_number(told, runs, first or line, "the file ends inside")
            strip = strips[self._at]
            if line and starts_line(line[-1], strip):
                yield line
                first, line = first or line, []
            inked = self._inked[strip.font]
            number -= len([code for code in strip.codes if code in inked])
            if number < 0:
                raise self._wrong_number(told, runs, first or [*line, strip], "there are too few or too many glyphs in")
            line.append(strip)
            self._at += 1
        if line:
            yield line

    def _runs(self, told: ExpectedText, side: str, size: float) -> Iterator[Run]:
        """The expected runs, in logical order."""
        language = (told.lang or self._lang).split("-")[0]
        pieces = self._merged(told)
        depths = levels("".join(text for _, _, text in pieces), rtl=side == "rtl")
        place = 0
        for way, family, piece in pieces:
            instance = self._stack.face(way, family, size)
            for start, end in segments(piece, depths, place):
                level = depths[place + start]
                yield run_of(instance, piece[start:end], level, place + start, language)
            place += len(piece)

    def _merged(self, told: ExpectedText) -> list[tuple[str, int, str]]:
        if len(told.pieces) == 1:
            return list(self._stack.itemise(told.pieces[0][1], told.pieces[0][0]))
        found: list[tuple[str, int, str]] = []
        for way, text in told.pieces:
            for piece in self._stack.itemise(text, way):
                if found and found[-1][:2] == piece[:2]:
                    found[-1] = (*piece[:2], found[-1][2] + piece[2])
                else:
                    found.append(piece)
        return found

    def _text(self, told: ExpectedText, strips: Sequence[Strip]) -> None:
        """Compares the text layer letter for letter, ignoring order.

        A cluster whose letter and marks are on different baselines appears once with each of them.
        """
        belongs = "".join([piece for _, piece in told.pieces])
        says = "".join(map(self._says, strips))
        if belongs == says or belongs.replace(" ", "") == says.replace(" ", ""):
            return
        wanted, seen = _letters(belongs), _letters(says)
        lost, more = wanted - seen, seen - wanted - self._may_repeat(belongs)
        if lost or more:
            at = self._entry_at(told, _first_missing(belongs, says, lost))
            raise ReadBackError(
                f"the text layer has {_run_of(more)} where {_run_of(lost)} belongs, in {_quoted(told, at)}", at
            )

    def _may_repeat(self, text: str) -> Counter[str]:
        """The letters of the compared text that may appear more than once in the text layer."""
        said: dict[int, set[int]] = {}
        for run, seen in self._matched:
            for place, (strip, _) in zip(run.places, seen, strict=True):
                said.setdefault(run.place + place, set()).add(id(strip))
        places = [*sorted(said), len(text)]
        found: Counter[str] = Counter()
        for place, after in itertools.pairwise(places):
            for _ in range(len(said[place]) - 1):
                found += _letters(text[place:after])
        return found

    def _says(self, strip: Strip) -> str:
        said = strip.text
        if said is None:
            text = self._painted.fonts[strip.font].text
            said = "".join([text.get(code, "\ufffd") for code in strip.codes])
        return said

    def _refuse(self, told: ExpectedText, run: Run, seen: Sequence[tuple[Strip, int]]) -> NoReturn:
        place = self._first_difference(run, seen)
        place = run.place + (run.places[-1] if place is None else place)
        text = "".join(piece for _, piece in told.pieces)
        at = self._entry_at(told, place)
        raise ReadBackError(
            f"a different glyph is painted where {text[place : place + 1]!r} belongs, in {_quoted(told, at)}", at
        )

    def _first_difference(self, run: Run, seen: Sequence[tuple[Strip, int]]) -> int | None:
        """The text position in ``run`` of the first glyph from the left that differs; None if none does."""
        fonts = self._painted.fonts
        for number, (glyph, place) in enumerate(zip(run.glyphs, run.places, strict=True)):
            if number == len(seen):
                return place
            strip, code = seen[number]
            if not ink_of(run.instance, glyph).like(fonts[strip.font].ink(code), LIKE):
                return place
        return None

    def _wrong_number(self, told: ExpectedText, runs: Sequence[Run], line: Sequence[Strip], what: str) -> ReadBackError:
        """The error for a wrong number of glyphs: blames the entry at the first difference from the left."""
        seen = self._seen(self._in_visual_order(line))
        start = 0
        for run in reorder(runs, [run.level for run in runs]):
            place = self._first_difference(run, seen[start : start + len(run.glyphs)])
            if place is not None:
                at = self._entry_at(told, run.place + place)
                return ReadBackError(f"{what} {_quoted(told, at)}", at)
            start += len(run.glyphs)
        at = told.entries[-1][0] if told.entries else self._entry_at(told, 0)
        return ReadBackError(f"{what} {_quoted(told, at)}", at)

    def _entry_at(self, told: ExpectedText, place: int) -> int | None:
        """The entry that the character at ``place`` belongs to."""
        text = "".join(piece for _, piece in told.pieces)
        at, found = 0, told.owner
        for owner, part in told.entries:
            # A part that ends with its line, or an isolate inside it, is located by its own start.
            start = text.find(part, at)
            if start > place:
                break
            if start >= 0:
                found, at = owner, start + len(part)
        return found if found >= 0 else None


def _inked_line(line: Sequence[Strip], part: Sequence[Run], told: ExpectedText) -> InkedLine:
    size = line[0].size
    box = (
        min(s.x0 for s in line) - 0.12 * size,
        min(s.y for s in line) - max(run.high for run in part) * size,
        max(s.x1 for s in line) + 0.12 * size,
        max(s.y for s in line) - min(run.low for run in part) * size,
    )
    return InkedLine(
        line[0].page,
        size,
        box,
        sum(run.ink for run in part) * size * size,
        told.owner,
        told.name or _quoted(told),
        tuple(owner for owner, _ in told.entries),
    )


def _letters(text: str) -> Counter[str]:
    """The visible characters of ``text`` with their frequencies; brackets without their direction."""
    return Counter(
        scripts.mirrored(c) if c in ")]}>»›" and scripts.mirrored(c) else c
        for c in unicodedata.normalize("NFD", IGNORED.sub("", text))
        if unicodedata.category(c) not in ("Zs", "Cf", "Cc")
    )


def _run_of(letters: Counter[str]) -> str:
    return repr("".join(letters.elements()))


def _quoted(told: ExpectedText, entry: int | None = None) -> str:
    """The name or the line for an error message; ``entry``: which of several on the line."""
    of = next((text for owner, text in told.entries if owner == entry), "")
    return repr(of or told.name or "".join(piece for _, piece in told.pieces)[:60])


def _first_missing(belongs: str, says: str, lost: Counter[str]) -> int:
    """Position in ``belongs`` of the first letter that ``says`` lacks; if it lacks none, of the first difference."""
    first: int | None = None
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, belongs, says, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        first = start if first is None else first
        found = next((place for place in range(start, end) if _letters(belongs[place]) & lost), None)
        if found is not None:
            return found
    return first or 0
