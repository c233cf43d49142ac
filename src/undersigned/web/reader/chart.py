"""Chart of the count, as inline SVG with a text description.

Time runs in reading direction: from the right in right-to-left languages. The line is the count after each step, on a
scale from 0. Bars above the base line are signatures, bars below it withdrawals, both on one scale of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from undersigned.web.reader.history import Batch, Step, peak, steps
from undersigned.web.reader.messages import number, say

WIDTH: Final = 640
HEIGHT: Final = 240
_TOP: Final = 24.0
_GROUND: Final = 170.0
_BARS: Final = 44.0
"""Units from the base line to the longest bar's end, up or down."""
_MARGIN: Final = 8.0
COLUMNS: Final = 120
"""Most steps that are drawn: more would be thinner than a line."""


def chart(batches: Sequence[Batch], said: dict[str, str], origin: str) -> dict[str, Any]:
    """The context of ``reader/chart.html``; only ``words`` if there are no signatures. ``origin``: a prefix for ids."""
    if not batches:
        return {"words": said["chart_none"], "drawn": False}
    rows = steps(batches, COLUMNS)
    spoken = said["language"]
    highest = peak(batches)
    signed, withdrawn = sum(b.signed for b in batches), sum(b.withdrawn for b in batches)
    figures = {"signed": signed, "withdrawn": withdrawn, "count": signed - withdrawn, "peak": highest}
    reverse = said["direction"] == "rtl"
    drawn = _draw(rows, highest)
    if reverse:
        drawn = {name: [_mirrored(shape) for shape in shapes] for name, shapes in drawn.items()}
    points = drawn.pop("line")
    top = _count_at(highest, highest)
    return {
        **drawn,
        "drawn": True,
        "id": origin,
        "line": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "last": points[-1],
        "ground": _GROUND,
        "width": WIDTH,
        "height": HEIGHT,
        "top": top,
        "edge": WIDTH - _MARGIN if reverse else _MARGIN,
        # ``edge``: where the page's lines begin; SVG anchors by the text's own direction.
        "highest": number(highest, spoken),
        "words": say(said, "chart_words", **figures),
        "axis": say(said, "chart_axis", batches=len(batches)),
    }


Shape = Any


def _count_at(count: int, highest: int) -> float:
    return _GROUND - (_GROUND - _TOP) * count / max(1, highest)


def _draw(rows: Sequence[Step], highest: int) -> dict[str, list[Shape]]:
    """The line as points, bars as (x, y, width, height); from the left."""
    column = (WIDTH - 2 * _MARGIN) / len(rows)
    # A maximum width: with a single batch the bar would fill the chart.
    bar = min(column * 0.7, 24.0)
    tallest = max(1, *(max(row.signed, row.withdrawn) for row in rows))
    line: list[Shape] = [(_MARGIN, _GROUND)]
    signed: list[Shape] = []
    withdrawn: list[Shape] = []
    before = 0
    for place, row in enumerate(rows):
        start, end = _MARGIN + place * column, _MARGIN + (place + 1) * column
        middle = start + (column - bar) / 2
        # Steps rather than slopes: between two batches the count does not change.
        line += [(start, _count_at(before, highest)), (start, _count_at(row.count, highest))]
        line.append((end, _count_at(row.count, highest)))
        before = row.count
        if row.signed:
            tall = max(1.0, _BARS * row.signed / tallest)
            signed.append((middle, _GROUND - tall, bar, tall))
        if row.withdrawn:
            withdrawn.append((middle, _GROUND, bar, max(1.0, _BARS * row.withdrawn / tallest)))
    return {"line": line, "signed": signed, "withdrawn": withdrawn}


def _mirrored(shape: Shape) -> Shape:
    if len(shape) == 2:
        return (WIDTH - shape[0], shape[1])
    x, y, width, height = shape
    return (WIDTH - x - width, y, width, height)
