"""The proof by glyph and by ink: what the finished file paints is what our faces paint for what was to be said.

By glyph: every text is shaped once more, by HarfBuzz, in the face that was chosen for it. The glyphs that the file
paints in its place must be those, one for one, in the order in which they are seen, and each is known by its outline:
that of the font embedded in the file against that of the face it came from. A glyph that fell out, another one, one
whose outline is empty: each is a difference. The text layer must say the same letters.

By ink: the pages are rendered (PDFium), and where each text stands there must be as much ink as its outlines have. So
what is white, hidden, clipped or never drawn is a difference too.
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
from .bidi import levels, reordered
from .clusters import IGNORED
from .errors import ReadBackError
from .ink import Blot, Light
from .names import Entry, direction_of
from .paint import Paint, Strip, distance, starts_line
from .runs import Run, part_of, run_of, segments
from .shaping import Cut, ink_of
from .sheet import Sheet
from .stack import Stack

LIKE: Final = 0.035
"""By how much of its ink an outline may differ from its face's: coordinates are rounded when a font is embedded."""


@dataclass(frozen=True, slots=True)
class Told:
    """One text that must stand in the file: (way of setting, text) pieces, isolates included.

    ``owner``: the entry it shows, or -1; ``name``: for the error. ``lang`` and ``side``: "", as the document's.
    ``entries``: where several share a line, (entry, its text), in order.
    """

    pieces: tuple[tuple[str, str], ...]
    owner: int = -1
    name: str = ""
    lang: str = ""
    side: str = ""
    entries: tuple[tuple[int, str], ...] = field(default=())


def prove(data: bytes, told: Sequence[Told], stack: Stack, lang: str) -> dict[str, Any]:
    """Compares the PDF ``data`` with ``told``, in order. Returns what was compared; raises ReadBackError."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        painted = paint.read(pdf)
    reader = _Reader(painted, stack, lang)
    light = Light(data, painted.sizes)
    try:
        smallest: dict[int, float] = {}
        for strip in painted.strips:
            smallest[strip.page] = min(strip.size, smallest.get(strip.page, strip.size))
        pages = sorted(smallest)
        for page in pages:
            light.ask(page, smallest[page])
        waiting: dict[int, list[Blot]] = {page: [] for page in pages}
        for text in told:
            for blot in reader.take(text):
                waiting[blot.page].append(blot)
                while pages[0] < blot.page:
                    # Texts are painted page after page: nothing more comes on an earlier one.
                    light.look(pages[0], waiting[pages.pop(0)])
        reader.end()
        for page in pages:
            light.look(page, waiting[page])
    finally:
        ink = light.close()
    return {"texts": len(told), "glyphs": reader.glyphs, "differences": 0, **ink}


def told_on(sheets: Sequence[Sheet], entries: Sequence[Entry]) -> list[Told]:
    """What the sheets of a page say, line by line."""
    found: list[Told] = []
    for sheet in sheets:
        for line in sheet.lines:
            owner = line.entries[0][0] if line.entries else -1
            name = entries[owner].name if owner >= 0 else ""
            found.append(Told(line.pieces, owner, name, line.lang, line.direction, line.entries))
    return found


class _Reader:
    """Goes through what is painted, text by text."""

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
        self._same: dict[tuple[int, Cut], dict[int, int]] = {}

    def take(self, told: Told) -> Iterator[Blot]:
        """The places of the lines ``told`` is painted on; raises ReadBackError unless it is, whole."""
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
            yield _blot(line, part, told)
        self._text(told, [strip for line in lines for strip in line])

    def end(self) -> None:
        """Raises ReadBackError if anything is painted that nothing was said of."""
        self._skip()
        if self._at < len(self._painted.strips):
            strip = self._painted.strips[self._at]
            raise ReadBackError(f"the file paints more than it should, on page {strip.page + 1}: {self._says(strip)!r}")

    def _compare(self, told: Told, part: Sequence[Run], line: Sequence[Strip]) -> None:
        """One line, from left to right: what belongs there, against what is painted."""
        seen = self._seen(line if len(part) == 1 else self._from_the_left(line))
        at = 0
        for run in reordered(part, [run.level for run in part]):
            here = seen[at : at + len(run.glyphs)]
            if not self._alike(run, here):
                self._refuse(told, run, here)
            self._matched.append((run, here))
            at += len(run.glyphs)

    def _from_the_left(self, line: Sequence[Strip]) -> list[Strip]:
        """The strips of a line by their places: the engine need not write them in that order.

        A mark set off the line has no width of its own, and stays with the nearer of the strips before and after it.
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

    def _alike(self, run: Run, seen: Sequence[tuple[Strip, int]]) -> bool:
        """Whether each glyph that is painted has the outline of the one that belongs there."""
        if len(seen) != len(run.glyphs):
            return False
        font = seen[0][0].font
        same = self._same.get((font, run.cut))
        if same is None:
            same = self._same[font, run.cut] = {}
        if [same.get(code) for _, code in seen] == run.glyphs and seen[-1][0].font == font:
            return all(strip.font == font for strip, _ in seen)
        start = 0
        for _, group in itertools.groupby(run.places):
            # A letter and its marks: which of them is painted first is the engine's affair.
            end = start + len(list(group))
            left = run.glyphs[start:end]
            for strip, code in seen[start:end]:
                glyph = next((g for g in left if self._is(strip.font, code, run.cut, g)), None)
                if glyph is None:
                    return False
                left.remove(glyph)
            start = end
        return True

    def _is(self, font: int, code: int, cut: Cut, glyph: int) -> bool:
        same = self._same.setdefault((font, cut), {})
        if same.get(code) == glyph:
            return True
        if not ink_of(cut, glyph).like(self._painted.fonts[font].ink(code), LIKE):
            return False
        same[code] = glyph
        return True

    def _skip(self) -> None:
        strips = self._painted.strips
        while self._at < len(strips) and self._inked[strips[self._at].font].isdisjoint(strips[self._at].codes):
            self._at += 1

    def _seen(self, line: Sequence[Strip]) -> list[tuple[Strip, int]]:
        return [(strip, code) for strip in line for code in strip.codes if code in self._inked[strip.font]]

    def _lines(self, number: int, told: Told, runs: Sequence[Run]) -> Iterator[list[Strip]]:
        """The strips that paint the next ``number`` glyphs, line by line."""
        line: list[Strip] = []
        first: list[Strip] = []
        strips = self._painted.strips
        while number > 0:
            if self._at == len(strips):
                raise self._uncounted(told, runs, first or line, "the file ends before the end of")
            strip = strips[self._at]
            if line and starts_line(line[-1], strip):
                yield line
                first, line = first or line, []
            inked = self._inked[strip.font]
            number -= len([code for code in strip.codes if code in inked])
            if number < 0:
                raise self._uncounted(told, runs, first or [*line, strip], "signs are missing, or too many, in")
            line.append(strip)
            self._at += 1
        if line:
            yield line

    def _runs(self, told: Told, side: str, size: float) -> Iterator[Run]:
        """What belongs there, in logical order."""
        language = (told.lang or self._lang).split("-")[0]
        pieces = self._merged(told)
        depths = levels("".join(text for _, _, text in pieces), rtl=side == "rtl")
        place = 0
        for way, family, piece in pieces:
            cut = self._stack.face(way, family, size)
            for start, end in segments(piece, depths, place):
                level = depths[place + start]
                yield run_of(cut, piece[start:end], level, place + start, language)
            place += len(piece)

    def _merged(self, told: Told) -> list[tuple[str, int, str]]:
        if len(told.pieces) == 1:
            return list(self._stack.cut(told.pieces[0][1], told.pieces[0][0]))
        found: list[tuple[str, int, str]] = []
        for way, text in told.pieces:
            for piece in self._stack.cut(text, way):
                if found and found[-1][:2] == piece[:2]:
                    found[-1] = (*piece[:2], found[-1][2] + piece[2])
                else:
                    found.append(piece)
        return found

    def _text(self, told: Told, strips: Sequence[Strip]) -> None:
        """What the text layer says, whatever the order, letter for letter.

        A cluster whose letter and marks stand on different baselines is said once with each of them.
        """
        belongs = "".join([piece for _, piece in told.pieces])
        says = "".join(map(self._says, strips))
        if belongs == says or belongs.replace(" ", "") == says.replace(" ", ""):
            return
        wanted, seen = _letters(belongs), _letters(says)
        lost, more = wanted - seen, seen - wanted - self._twice(belongs)
        if lost or more:
            at = self._whose(told, _first_lost(belongs, says, lost))
            raise ReadBackError(
                f"the text layer says {_run_of(more)} where {_run_of(lost)} belongs, in {_quoted(told, at)}", at
            )

    def _twice(self, text: str) -> Counter[str]:
        """What of the text just compared may be said more often than once."""
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

    def _refuse(self, told: Told, run: Run, seen: Sequence[tuple[Strip, int]]) -> NoReturn:
        place = self._first_unlike(run, seen)
        place = run.place + (run.places[-1] if place is None else place)
        text = "".join(piece for _, piece in told.pieces)
        at = self._whose(told, place)
        raise ReadBackError(
            f"another sign is painted where {text[place : place + 1]!r} belongs, in {_quoted(told, at)}", at
        )

    def _first_unlike(self, run: Run, seen: Sequence[tuple[Strip, int]]) -> int | None:
        """Where in ``run`` the first glyph from the left belongs that is not painted so; None if all of them are."""
        fonts = self._painted.fonts
        for number, (glyph, place) in enumerate(zip(run.glyphs, run.places, strict=True)):
            if number == len(seen):
                return place
            strip, code = seen[number]
            if not ink_of(run.cut, glyph).like(fonts[strip.font].ink(code), LIKE):
                return place
        return None

    def _uncounted(self, told: Told, runs: Sequence[Run], line: Sequence[Strip], what: str) -> ReadBackError:
        """More or fewer glyphs are painted than belong there: of the entry at the first difference from the left."""
        seen = self._seen(self._from_the_left(line))
        start = 0
        for run in reordered(runs, [run.level for run in runs]):
            place = self._first_unlike(run, seen[start : start + len(run.glyphs)])
            if place is not None:
                at = self._whose(told, run.place + place)
                return ReadBackError(f"{what} {_quoted(told, at)}", at)
            start += len(run.glyphs)
        at = told.entries[-1][0] if told.entries else self._whose(told, 0)
        return ReadBackError(f"{what} {_quoted(told, at)}", at)

    def _whose(self, told: Told, place: int) -> int | None:
        """The entry that the character at ``place`` is of."""
        text = "".join(piece for _, piece in told.pieces)
        at, found = 0, told.owner
        for owner, part in told.entries:
            # A part that ends with its line, or an isolate inside it, is found by its own beginning.
            start = text.find(part, at)
            if start > place:
                break
            if start >= 0:
                found, at = owner, start + len(part)
        return found if found >= 0 else None


def _blot(line: Sequence[Strip], part: Sequence[Run], told: Told) -> Blot:
    size = line[0].size
    box = (
        min(s.x0 for s in line) - 0.12 * size,
        min(s.y for s in line) - max(run.high for run in part) * size,
        max(s.x1 for s in line) + 0.12 * size,
        max(s.y for s in line) - min(run.low for run in part) * size,
    )
    return Blot(
        line[0].page,
        size,
        box,
        sum(run.ink for run in part) * size * size,
        told.owner,
        told.name or _quoted(told),
        tuple(owner for owner, _ in told.entries),
    )


def _letters(text: str) -> Counter[str]:
    """The characters of ``text`` that are seen, each with how often; brackets without their direction."""
    return Counter(
        scripts.mirrored(c) if c in ")]}>»›" and scripts.mirrored(c) else c
        for c in unicodedata.normalize("NFD", IGNORED.sub("", text))
        if unicodedata.category(c) not in ("Zs", "Cf", "Cc")
    )


def _run_of(letters: Counter[str]) -> str:
    return repr("".join(letters.elements()))


def _quoted(told: Told, entry: int | None = None) -> str:
    """The name, or the line; ``entry``: which of several on it."""
    of = next((text for owner, text in told.entries if owner == entry), "")
    return repr(of or told.name or "".join(piece for _, piece in told.pieces)[:60])


def _first_lost(belongs: str, says: str, lost: Counter[str]) -> int:
    """Where in ``belongs`` the first letter stands that ``says`` lacks; if it lacks none, where both differ."""
    first: int | None = None
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, belongs, says, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        first = start if first is None else first
        found = next((place for place in range(start, end) if _letters(belongs[place]) & lost), None)
        if found is not None:
            return found
    return first or 0
