"""The read-back: a page that does not hold exactly the edition's names is refused."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from undersigned.press import ReadBackError
from undersigned.press.sheet import SetLine

from .people import edition_from, people
from .setup import Taken, order, take_apart

ROLLS = [("en", "list"), ("en", "run-in"), ("he", "list"), ("he", "run-in"), ("ar", "run-in"), ("mixed", "run-in")]


@pytest.fixture(scope="module", params=ROLLS, ids=lambda p: "-".join(p))
def taken(request: pytest.FixtureRequest) -> Taken:
    """A page of 120 names, taken apart."""
    roll, style = request.param
    return take_apart(order(roll, 120, style=style))


def _names(taken: Taken) -> list[int]:
    return [i for i, line in enumerate(taken.layout.sheets[0].lines) if line.entries]


def _tampered(taken: Taken, lines: dict[int, SetLine | None]) -> bytes:
    sheet = copy.copy(taken.layout.sheets[0])
    changed = (lines.get(i, line) for i, line in enumerate(sheet.lines))
    sheet.lines = [line for line in changed if line is not None]
    return taken.paint((sheet,))


def _with_text(line: SetLine, text: dict[str, str]) -> SetLine:
    table = str.maketrans(text)
    return replace(line, pieces=tuple((face, piece.translate(table)) for face, piece in line.pieces))


def test_an_unchanged_page_reads_back(taken: Taken) -> None:
    """The control: the page as laid out holds every name."""
    assert taken.read_back(taken.paint())["differences"] == 0


def test_two_names_swapped_are_found(taken: Taken) -> None:
    """Two lines that change places are noticed, although every name is still there."""
    rows = _names(taken)
    lines = taken.layout.sheets[0].lines
    a = rows[3]
    b = next(i for i in rows[4:] if lines[i].pieces != lines[a].pieces)
    swap = {a: replace(lines[a], pieces=lines[b].pieces), b: replace(lines[b], pieces=lines[a].pieces)}
    with pytest.raises(ReadBackError):
        taken.read_back(_tampered(taken, dict(swap)))


def test_a_name_left_out_is_found(taken: Taken) -> None:
    """A dropped line is noticed, and the error says where."""
    rows = _names(taken)
    with pytest.raises(ReadBackError) as refusal:
        taken.read_back(_tampered(taken, {rows[5]: None}))
    assert refusal.value.position is not None


def test_the_last_name_left_out_is_found(taken: Taken) -> None:
    """A page that ends too early is noticed."""
    with pytest.raises(ReadBackError):
        taken.read_back(_tampered(taken, {_names(taken)[-1]: None}))


def test_one_letter_changed_is_found(taken: Taken) -> None:
    """A single letter of a single name is noticed."""
    row = _names(taken)[7]
    line = taken.layout.sheets[0].lines[row]
    letters = [c for _, piece in line.pieces for c in piece if c.isalpha()]
    other = next(c for c in letters if c != letters[0])
    with pytest.raises(ReadBackError):
        taken.read_back(_tampered(taken, {row: _with_text(line, {letters[0]: other})}))


def test_a_name_printed_twice_is_found(taken: Taken) -> None:
    """A name in the place of another is noticed."""
    rows = _names(taken)
    lines = taken.layout.sheets[0].lines
    b = next(i for i in rows[3:] if lines[i].pieces != lines[rows[2]].pieces)
    with pytest.raises(ReadBackError):
        taken.read_back(_tampered(taken, {b: replace(lines[b], pieces=lines[rows[2]].pieces)}))


def test_the_readback_reads_the_file_not_the_layout() -> None:
    """A page of one edition does not pass for another edition of as many names."""
    first, second = take_apart(order("en", 60)), take_apart(order("en", 60, edition=None, first=None, titles=False))
    with pytest.raises(ReadBackError):
        second.read_back(first.paint())


NUMBERED = [
    "\u05d0 12, 34 \u05d1",
    "\u05d3\u05e0\u05d4 1, 2. 3",
    "\u0639\u0644\u064a 12, 34 \u0628",
    "Ann 12, 34 \u05d0",
    "\u05d0 12,34 \u05d1",
]


@pytest.mark.parametrize("lang", ["en", "he"])
@pytest.mark.parametrize("style", ["list", "run-in"])
def test_numbers_with_a_comma_and_a_space_are_two(lang: str, style: str) -> None:
    """A comma joins two numbers (UAX 9, W4) unless a space follows it: the comparison must know of the space."""
    rows = [*people(lang, 20), *((name, "") for name in NUMBERED)]
    taken = take_apart(order(lang, edition=edition_from(rows), style=style))
    assert taken.read_back(taken.paint())["entries"] == len(rows)
