"""Ink check: renders the finished page and compares the ink in each line's box with the ink of its outlines."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2
from PIL import Image

from .errors import ReadBackError

PIXELS: Final = 16.0
"""Pixels per em of the smallest text on the page, unless the page is too large for that."""
MIN_INK: Final = 0.90
"""Minimum share of a line's expected ink that must be found in its box."""
MOST: Final = 1.60
"""Maximum share; the ink that overlapping neighbours bring into the box is added."""
BLACK: Final = 60
"""A page's darkest pixel must be at least this dark. (Pure K black is rendered as a dark grey.)"""
ROUNDING: Final = 1.6
"""Tolerance in square pixels for any line: edges are rounded to pixels."""
LARGEST: Final = 24_000_000
"""Maximum size of a rendered page in pixels."""


@dataclass(frozen=True, slots=True)
class InkedLine:
    """A line of text and the ink it should have: ``box`` in points from the top left, ``ink`` in square points."""

    page: int
    size: float
    box: tuple[float, float, float, float]
    ink: float
    owner: int
    name: str
    among: tuple[int, ...] = ()
    """The entries that the line shows, whole or in part."""


class InkCheck:
    """Renders a file in its own thread, page by page, and compares each page with the lines expected on it.

    One page is compared while the next is rendered. At most two rendered pages are in memory
    (bounded queue).
    """

    def __init__(self, data: bytes, sizes: Sequence[tuple[float, float]]) -> None:
        self.lines = 0
        self._least, self._most = 1.0, 1.0
        self._wanted: queue.Queue[tuple[int, float] | None] = queue.Queue()
        self._ready: queue.Queue[tuple[Image.Image, float] | BaseException] = queue.Queue(maxsize=2)
        self._sizes = sizes
        self._data = data
        self._scales: dict[int, float] = {}
        self._thread = threading.Thread(target=self._render, daemon=True)
        self._thread.start()

    def ask(self, page: int, smallest: float) -> None:
        """Requests the rendering of ``page``, fine enough for type of ``smallest`` points. Once per page, in order."""
        width, height = self._sizes[page]
        scale = min(4.0, max(1.0, PIXELS / smallest), (LARGEST / (width * height)) ** 0.5)
        self._scales[page] = scale
        self._wanted.put((page, scale))

    def look(self, page: int, inked_lines: Sequence[InkedLine]) -> None:
        """Compares ``page`` with its lines. Raises ReadBackError for the first line with too little or too much ink."""
        found = self._ready.get()
        if isinstance(found, BaseException):
            raise ReadBackError(f"the file cannot be rendered: {found}") from found
        image, black = found
        scale = self._scales[page]
        if black > BLACK:
            raise ReadBackError(f"nothing on page {page + 1} is black")
        for inked_line in inked_lines:
            ink = _found(image, inked_line.box, scale, black)
            speck = ROUNDING * (1 + len(inked_line.name) / 8) / scale**2
            if ink < MIN_INK * inked_line.ink - speck or (
                ink > MOST * inked_line.ink + 4 * speck
                and ink > MOST * inked_line.ink + 4 * speck + _near(inked_line, inked_lines)
            ):
                raise ReadBackError(
                    f"{ink / inked_line.ink:.0%} of the expected ink of {inked_line.name!r} is on page {page + 1}",
                    inked_line.owner if inked_line.owner >= 0 else None,
                    inked_line.among,
                )
            self._least, self._most = min(self._least, ink / inked_line.ink), max(self._most, ink / inked_line.ink)
        self.lines += len(inked_lines)

    def close(self) -> dict[str, Any]:
        """Stops the thread. Returns how many lines were compared, and the lowest and highest share of ink found."""
        self._wanted.put(None)
        while self._thread.is_alive():
            # The thread may be blocked on a full queue, with a page no longer wanted: drain it, and the thread can end.
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.01)
        return {"lines": self.lines, "least_ink": round(self._least, 3), "most_ink": round(self._most, 3)}

    def _render(self) -> None:
        try:
            document = pypdfium2.PdfDocument(self._data)
            try:
                while (wanted := self._wanted.get()) is not None:
                    number, scale = wanted
                    page = document[number]
                    bitmap = page.render(scale=scale, grayscale=True)
                    grey = bitmap.to_pil()
                    self._ready.put((grey.convert("F"), float(grey.getextrema()[0])))
                    bitmap.close()
                    page.close()
            finally:
                document.close()
        except (pypdfium2.PdfiumError, MemoryError, OSError) as error:
            self._ready.put(error)


def _near(inked_line: InkedLine, inked_lines: Sequence[InkedLine]) -> float:
    """The ink that other lines may add inside the box of ``inked_line``."""
    found = 0.0
    a = inked_line.box
    for other in inked_lines:
        b = other.box
        across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if other is not inked_line and across > 0 and down > 0:
            found += min(other.ink, across * down)
    return found


def _found(image: Image.Image, box: tuple[float, float, float, float], scale: float, black: float) -> float:
    """The ink in ``box``, in square points."""
    # Glyphs are placed on whole pixels: ink at the edge of a box may be drawn up to a pixel outside it.
    left, top = max(0.0, box[0] * scale), max(0.0, box[1] * scale - 0.75)
    right, bottom = min(image.width, box[2] * scale), min(image.height, box[3] * scale + 0.75)
    if right - left < 0.01 or bottom - top < 0.01:
        return 0.0
    mean = image.resize((1, 1), Image.Resampling.BOX, box=(left, top, right, bottom)).getpixel((0, 0))
    assert isinstance(mean, float)  # noqa: S101 - of an image of floats
    return (255 - mean) / (255 - black) * (right - left) * (bottom - top) / scale**2
