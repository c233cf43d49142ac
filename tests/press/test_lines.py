"""Line breaking and columns: no lost words, no overlong lines, no rivers, even columns."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from undersigned.press.block import Chunk, Row
from undersigned.press.fit import deal, fills
from undersigned.press.lines import MAX_GAP, MIN_GAP, Line, Units, balanced, justify, ragged
from undersigned.press.names import Word

SPACE = 0.24
WORDS = st.lists(
    st.tuples(st.floats(0.3, 6.0), st.sampled_from([" ", " ", " ", " ", "~", "", "+"])), min_size=1, max_size=120
)


def _units(rows: list[tuple[float, str]], measure: float) -> tuple[Units, int]:
    words = [Word("x" * max(1, round(width)), glue) for width, glue in rows]
    return Units.of(words, [width for width, _ in rows], measure, SPACE), len(words)


def _covers(lines: list[Line], count: int) -> None:
    assert lines[0].start == 0
    assert lines[-1].end == count
    assert all(a.end == b.start for a, b in itertools.pairwise(lines))


@given(WORDS, st.floats(12.0, 60.0))
def test_justified_lines_hold_every_word_once_within_the_measure(rows: list[tuple[float, str]], measure: float) -> None:
    """Each word is on one line, in order; no line is wider than the measure; no gap is wider than allowed."""
    units, count = _units(rows, measure)
    lines = justify(units, count, measure, SPACE)
    _covers(lines, count)
    longest = max(units.widths[i] + units.inner[i] * SPACE for i in range(len(units.widths)))
    for line in lines:
        assert line.width <= max(measure, longest) + 1e-6
        assert SPACE * MIN_GAP - 1e-9 <= line.gap <= MAX_GAP + 1e-9 or line.end - line.start == 1
        if line.full:
            assert abs(line.width - measure) < 1e-6
        # What the engine paints: all spaces of a line are stretched alike, no-break spaces too.
        spaces = sum(rows[i][1] in (" ", "~") for i in range(line.start + 1, line.end))
        painted = sum(width for width, _ in rows[line.start : line.end]) + spaces * line.gap
        assert abs(line.width - painted) < 1e-6


def test_unbreakable_words_never_touch() -> None:
    """Three unbreakable words wider than the line overrun it, and preflight reports them."""
    units, count = _units([(1.0, " "), (5.0, "~"), (6.0, "~"), (4.0, " ")], 12.0)
    first = justify(units, count, 12.0, SPACE)[0]
    assert (first.end, first.full) == (3, False)
    assert first.gap == SPACE * MIN_GAP
    assert first.width > 12.0


@given(WORDS, st.floats(12.0, 60.0))
def test_ragged_lines_hold_every_word_once_within_the_measure(rows: list[tuple[float, str]], measure: float) -> None:
    """The same of ragged lines, whose turned-over lines are shorter by the indent."""
    units, count = _units(rows, measure - 1.0)
    lines = ragged(units, count, measure, SPACE, 1.0)
    _covers(lines, count)
    longest = max(units.widths[i] + units.inner[i] * SPACE for i in range(len(units.widths)))
    for number, line in enumerate(lines):
        assert line.width <= max(measure - (1.0 if number else 0.0), longest) + 1e-6


@given(WORDS, st.floats(12.0, 60.0))
def test_a_balanced_headline_takes_no_more_lines(rows: list[tuple[float, str]], measure: float) -> None:
    """Balancing evens lines without adding one."""
    units, count = _units(rows, measure)
    assert len(balanced(units, count, measure, SPACE)) <= len(ragged(units, count, measure, SPACE))


def test_an_overlong_word_breaks_and_only_then() -> None:
    """Cells of a long word stay together where they fit, and part where they do not."""
    words = [Word("abcd", " " if i == 0 else "!") for i in range(10)]
    wide, narrow = Units.of(words, [2.0] * 10, 30.0, SPACE), Units.of(words, [2.0] * 10, 10.0, SPACE)
    assert len(wide.widths) == 1
    assert len(narrow.widths) == 10
    assert all(line.width <= 10.0 for line in ragged(narrow, 10, 10.0, SPACE))


def test_a_no_break_space_is_stretched_with_its_line() -> None:
    """After a word of many cells come a separator and more names: the line is as wide as what is painted of it."""
    rows = [(6.0, " "), (6.0, "!"), (6.0, "!"), (0.3, "~"), (3.0, " "), (4.5, " "), (6.0, " ")]
    words = [Word("x", glue, owner=-1 if glue == "~" else 0) for _, glue in rows]
    lines = justify(Units.of(words, [width for width, _ in rows], 12.0, SPACE), len(words), 12.0, SPACE)
    for line in lines:
        spaces = sum(rows[i][1] in (" ", "~") for i in range(line.start + 1, line.end))
        painted = sum(width for width, _ in rows[line.start : line.end]) + spaces * line.gap
        assert abs(line.width - painted) < 1e-6
        assert painted <= 12.0 + 1e-6


HEIGHTS = st.lists(st.integers(1, 4), min_size=1, max_size=150)


@given(HEIGHTS, st.integers(1, 12), st.integers(0, 30))
def test_columns_keep_every_entry_whole_and_in_order(heights: list[int], columns: int, spare: int) -> None:
    """The columns, read one after another, are the entries."""
    chunks = [Chunk(tuple(Row("first") for _ in range(h)), i) for i, h in enumerate(heights)]
    fewest = next(rows for rows in itertools.count(1) if fills(heights, columns, [rows]))
    dealt = deal(chunks, columns, [fewest + spare])
    assert dealt is not None
    assert [chunk.entry for column in dealt[0] for chunk in column] == list(range(len(heights)))
    assert deal(chunks, columns, [0]) is None
