"""Reports on the layout: the sizes reached, or why the names do not fit, by how much, and the alternatives."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from .compose import Composer, Layout
from .design import LARGEST_NAMES, SMALLEST_LETTER
from .errors import OrderError
from .fit import RUN_IN_MEASURE, Area, Fit, height_of
from .papers import LARGEST, find_paper
from .report import FitReport

CAUTION: Final = 0.94
"""Safety factor on the estimated capacity: justified lines lose a little at their ends, and the report must not promise
more than fits."""
STEP: Final = 0.05
"""Step between two tried sizes, in points."""
TRIES: Final = 8
"""How many larger pages are tried, each ``STEP_UP`` larger than the one before."""
STEP_UP: Final = 1.05
LEAST: Final = 2.0
"""The smallest size the search tries, in points."""


def fit_report(composer: Composer, layout: Layout) -> FitReport:
    """The report on a layout that fits."""
    names = layout.names
    last = [height_of(column) for column in names.dealt[-1]]
    gaps = [
        row.line.gap for page in names.dealt for column in page for chunk in column for row in chunk.rows if row.line
    ]
    justified = max((p.widest_gap for p in layout.letter), default=0.0)
    if names.style == "run-in":
        justified = max([justified, *gaps])
    entries = composer.copy.entries
    binding = composer.block(names.style, names.size).find_widest_entry()
    return FitReport(
        fits=True,
        style=names.style,
        names=len(entries),
        reached=names.size,
        floor=composer.floor,
        whose=composer.checked.paper.name,
        columns=names.columns,
        pitch=round(names.pitch, 3),
        letter_size=layout.letter[0].size,
        letter_columns=layout.letter[0].columns,
        wrapped=round(names.wrapped, 4),
        widest_gap=round(justified, 3),
        uneven=max(last) - min(last) if last else 0,
        binding=entries[binding].name if 0 <= binding < len(entries) else "",
    )


def did_not_fit(composer: Composer) -> FitReport:
    """The report on a failed fit: the size that would fit, the capacity at the minimum size, the alternatives."""
    checked, entries = composer.checked, composer.copy.entries
    style, number = checked.order.style, len(composer.copy.entries)
    area = composer.area(composer.heads(SMALLEST_LETTER), composer.prose(SMALLEST_LETTER))
    reached = _size_reached(composer, area, style)
    capacity = {s: _capacity(composer, area, s) for s in ("list", "run-in")}
    capacity[style] = min(capacity[style], number - 1)  # the estimate can be slightly high, and these did not fit
    binding = composer.block(style, composer.floor).find_widest_entry()
    ways, note = _alternatives(composer, capacity, number)
    floor = composer.floor
    name = entries[binding].name if 0 <= binding < number else ""
    return FitReport(
        fits=False,
        style=style,
        names=number,
        reached=reached,
        floor=floor,
        whose=checked.paper.name,
        capacity=capacity,
        too_many=max(0, number - capacity[style]),
        binding=name,
        ways_out=tuple(ways),
        note=note,
    )


def _size_reached(composer: Composer, area: Area, style: str) -> float:
    if min(area.heights) < 4 * LEAST:
        return 0.0
    found: Fit | None = composer.names(area, style, LEAST, composer.floor)
    # The search estimates line breaks; with exact breaks the names did not fit at the floor, or there would be a page.
    return min(found.size, composer.floor - STEP) if found else 0.0


def _capacity(composer: Composer, area: Area, style: str) -> int:
    """Approximate capacity at the minimum size: available rows divided by rows per name."""
    floor, number = composer.floor, len(composer.copy.entries)
    rows = sum(int(height / (floor * composer.lead)) for height in area.heights)
    if rows < 2 or number == 0:
        return 0
    block = composer.block(style, floor)
    if style == "run-in":
        measure = min(area.width / floor, sum(RUN_IN_MEASURE) / 2)
        columns = area.width / floor / (measure + 1.7)
        return int(CAUTION * rows * columns * number / max(1.0, block.estimate(measure)))
    best = 0.0
    for columns in range(1, 16):
        measure = (area.width - (columns - 1) * max(7.0, 1.1 * floor)) / columns / floor
        if measure < 8 or block.wrapped_share(measure) > 0.15 or block.longest > measure - 1.0:
            continue
        best = max(best, rows * columns * number / max(1, sum(block.chunk_heights(measure))))
    return int(best)


def _alternatives(composer: Composer, capacity: dict[str, int], number: int) -> tuple[list[str], str]:
    """The alternatives, and a note on what looks like one and is not."""
    order = composer.checked.order
    ways = []
    if order.style == "list" and capacity["run-in"] >= number:
        ways.append(f"set the names run-in: the page then holds about {capacity['run-in']}")
    if order.titles:
        ways.append("leave the titles out")
    if order.pages == 1 and number <= 2.2 * capacity[order.style]:
        ways.append("book two pages")
    share = math.sqrt(max(1.0, number / max(1, capacity[order.style])))
    larger = _larger_page(composer, share)
    if isinstance(larger, tuple):
        ways.append(f"book a larger space, about {larger[0]} x {larger[1]} mm")
    if capacity[order.style] > 0:
        ways.append(
            f"print the first {int(capacity[order.style] * 0.97)} names and say that the rest are at the address"
        )
    if not capacity[order.style]:
        ways.insert(0, "shorten the letter: it fills the page without any names")
    return ways, larger if isinstance(larger, str) else ""


def _larger_page(composer: Composer, share: float) -> tuple[int, int] | str:
    """The sides in mm of a larger page on which everything fits, by trial; or a sentence that none was found.

    It keeps the page's shape until one side reaches the largest newspaper's; then only the other side grows.
    """
    paper = composer.checked.paper
    if not paper.width or not paper.height:
        return ""
    width = height = 0
    for step in range(TRIES):
        grown = share * STEP_UP**step
        width, height = _within(paper.width * grown, paper.height * grown)
        try:
            find_paper(f"{width}x{height} mm")
        except OrderError:
            return ""
        checked = replace(composer.checked, paper=replace(paper, width=float(width), height=float(height)))
        trial = Composer(checked, composer.copy, composer.engine)
        area = trial.area(trial.heads(SMALLEST_LETTER), trial.prose(SMALLEST_LETTER))
        if trial.names(area, checked.order.style, trial.floor, LARGEST_NAMES) is not None:
            return width, height
        if width == height == LARGEST:
            break
    return f"No larger page that holds them all was found, up to {width} x {height} mm."


def _within(width: float, height: float) -> tuple[int, int]:
    """Sides of the same area, both within the largest newspaper's."""
    if height > LARGEST:
        width, height = width * height / LARGEST, LARGEST
    elif width > LARGEST:
        width, height = LARGEST, width * height / LARGEST
    return min(LARGEST, math.ceil(width)), min(LARGEST, math.ceil(height))


def sentence(report: FitReport) -> str:
    """The report as one sentence for the organiser."""
    reached = f"only at {report.reached:g} pt" if report.reached else "at no legible size"
    return (
        f"{report.names} names fit {reached}, and {report.whose} prints nothing under {report.floor:g} pt: "
        f"{report.too_many} too many. You can: {'; '.join(report.ways_out)}."
        + (f" {report.note}" if report.note else "")
    )
