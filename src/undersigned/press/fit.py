"""Finds the largest type size at which a block of names fills given columns, and the number of columns.

Words are measured at one size, the rest is arithmetic in ems, because widths in ems hardly change with size. (Faces
with optical sizes change a little: so the result is measured again at its own size and checked exactly.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .block import Block, Chunk, Style

GRID: Final = 0.05
"""Sizes are multiples of this, in points."""
MAX_WRAPPED: Final = 0.15
"""The largest share of a list's entries that may need more than one line."""
RUN_IN_MEASURE: Final = (22.0, 52.0)
"""Run-in columns are this many ems wide: narrower ones justify badly, in wider ones readers lose the line."""
MAX_COLUMNS: Final = 15
MAX_PITCH: Final = 1.30
"""Space left over goes between the lines, up to this line pitch as a multiple of the type size."""


@dataclass(frozen=True, slots=True)
class Area:
    """The space for names: ``width`` in points, and a height in points for each page of a spread."""

    width: float
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """Names in type of ``size`` on lines ``pitch`` apart, in ``columns`` of ``measure`` points with ``gutter`` between.

    ``dealt``: for each column of each page, its chunks. ``rows``: of the fullest column of each page. ``wrapped``:
    share of entries turned over. ``space``: the natural word space in ems.
    """

    style: Style
    size: float
    pitch: float
    columns: int
    measure: float
    gutter: float
    dealt: tuple[tuple[tuple[Chunk, ...], ...], ...]
    rows: tuple[int, ...]
    wrapped: float
    space: float


def gutter_of(style: Style, size: float) -> float:
    """Points between columns; narrower in a list, whose ragged lines leave white space of their own."""
    return max(7.0, 1.1 * size) if style == "list" else max(11.0, 1.7 * size)


def fit(measured: Callable[[float], Block], area: Area, *, lead: float, low: float, high: float) -> Fit | None:
    """The best fit with type between ``low`` and ``high`` points, or None.

    ``measured``: the block with its words measured at a size. ``lead``: the least line pitch, as a multiple of size.
    """
    guess = min(high, max(low, 7.0))
    block = measured(guess)
    for _ in range(6):
        found = _find_columns(block, area, lead, low, high)
        if found is None:
            return None
        size, columns = found
        if size == guess:
            break
        # Measured at its own size, the block may differ from the estimate: iterate until a size confirms itself.
        guess, block = size, measured(size)
        settled = _fit_exactly(block, area, lead, size, columns)
        if settled is not None:
            return settled
        high = size - GRID
        if high < low:
            return None
    while size >= low - 1e-9:
        settled = _fit_exactly(measured(size), area, lead, size, columns)
        if settled is not None:
            return settled
        size = round(size - GRID, 2)
    return None


def _find_columns(block: Block, area: Area, lead: float, low: float, high: float) -> tuple[float, int] | None:
    best: tuple[float, float, int] | None = None
    for columns in range(1, MAX_COLUMNS + 1):
        floor = low if best is None else max(low, best[1] if block.style == "run-in" else best[1] / (1 + 0.6 * 0.15))
        size = _find_largest_size(block, area, lead, floor, high, columns)
        if size is None:
            continue
        measure = _measure(block.style, area, columns, size) / size
        score = size * (1 - 0.6 * block.wrapped_share(measure)) if block.style == "list" else size - 0.004 * columns
        # Few names at the maximum size: prefer more columns, at least five rows deep, so that they spread out.
        spread = size == high and columns <= 6 and block.estimate(measure) >= 5 * columns
        if best is None or score > best[0] + 1e-9 or (spread and score > best[0] - 0.01):
            best = (score, size, columns)
    return None if best is None else (best[1], best[2])


def _find_largest_size(block: Block, area: Area, lead: float, low: float, high: float, columns: int) -> float | None:
    bottom, top = round(low / GRID), round(high / GRID)
    if not _fits(block, area, lead, bottom * GRID, columns):
        # A measure too wide in ems for the smallest type: start from the smallest size that makes it narrow enough.
        if block.style == "list":
            return None
        narrow = _measure(block.style, area, columns, low) / RUN_IN_MEASURE[1]
        bottom = max(bottom, int(narrow / GRID) + 1)
        if bottom > top or not _fits(block, area, lead, bottom * GRID, columns):
            return None
    while bottom < top:
        middle = (bottom + top + 1) // 2
        if _fits(block, area, lead, middle * GRID, columns):
            bottom = middle
        else:
            top = middle - 1
    return round(bottom * GRID, 2)


def _measure(style: Style, area: Area, columns: int, size: float) -> float:
    return (area.width - (columns - 1) * gutter_of(style, size)) / columns


def _fits(block: Block, area: Area, lead: float, size: float, columns: int) -> bool:
    measure = _measure(block.style, area, columns, size) / size
    if block.style == "list":
        if block.longest > measure - 1.0 or block.wrapped_share(measure) > MAX_WRAPPED:
            return False
        rows = [int(height / (size * lead) + 1e-6) for height in area.heights]
        return fills(block.chunk_heights(measure), columns, rows)
    if not RUN_IN_MEASURE[0] <= measure <= RUN_IN_MEASURE[1]:
        return False
    rows = [int(height / (size * lead) + 1e-6) for height in area.heights]
    return block.estimate(measure) <= columns * sum(rows)


def fills(heights: Sequence[int], columns: int, rows: Sequence[int]) -> bool:
    """Whether chunks of ``heights`` rows fit, in order and unsplit, into ``columns`` of ``rows[page]`` rows a page."""
    place = 0
    for limit in rows:
        for _ in range(columns):
            used = 0
            while place < len(heights) and used + heights[place] <= limit:
                used += heights[place]
                place += 1
    return place == len(heights)


def _fit_exactly(block: Block, area: Area, lead: float, size: float, columns: int) -> Fit | None:
    measure = _measure(block.style, area, columns, size)
    if block.style == "list" and not _fits(block, area, lead, size, columns):
        return None
    chunks = block.chunks(measure / size)
    most = [int(height / (size * lead) + 1e-6) for height in area.heights]
    dealt = deal(chunks, columns, most)
    if dealt is None:
        return None
    rows = tuple(max((height_of(column) for column in page), default=0) for page in dealt)
    room = min((h / max(1, r)) for h, r in zip(area.heights, rows, strict=True))
    pitch = min(room, size * MAX_PITCH if lead <= MAX_PITCH else size * lead * 1.08)
    gutter = gutter_of(block.style, size)
    wrapped = block.wrapped_share(measure / size) if block.style == "list" else 0.0
    pages = tuple(tuple(tuple(column) for column in page) for page in dealt)
    return Fit(block.style, size, max(pitch, size * lead), columns, measure, gutter, pages, rows, wrapped, block.space)


def height_of(column: Sequence[Chunk]) -> int:
    """Rows of a column; the blank row before a heading is dropped at its top."""
    return sum(len(chunk.rows) + (chunk.lead if i else 0) for i, chunk in enumerate(column))


def deal(chunks: Sequence[Chunk], columns: int, most: Sequence[int]) -> list[list[list[Chunk]]] | None:
    """Distributes chunks over columns, page by page; the last page's columns are as even as whole chunks allow.

    None if they do not fit.
    """
    pages: list[list[list[Chunk]]] = []
    rest = list(chunks)
    for number, limit in enumerate(most):
        if number == len(most) - 1:
            low = max((len(c.rows) for c in rest), default=0)
            low = max(low, -(-sum(len(c.rows) for c in rest) // columns))
            limit = next((r for r in range(low, limit + 1) if _fill_columns(rest, columns, r)[1] == len(rest)), limit)
        page, taken = _fill_columns(rest, columns, limit)
        pages.append(page)
        rest = rest[taken:]
    return None if rest else pages


def _fill_columns(chunks: Sequence[Chunk], columns: int, limit: int) -> tuple[list[list[Chunk]], int]:
    page: list[list[Chunk]] = []
    place = 0
    for _ in range(columns):
        column: list[Chunk] = []
        used = 0
        while place < len(chunks):
            chunk = chunks[place]
            height = len(chunk.rows) + (chunk.lead if column else 0)
            if used + height > limit:
                break
            column.append(chunk)
            used += height
            place += 1
        page.append(column)
    return page, place
