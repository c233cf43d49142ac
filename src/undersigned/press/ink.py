"""Ink on the rendered page: as much, where a text stands, as its outlines have."""

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
"""Pixels of an em of the smallest text that is looked at, if the page is not too large."""
FEWEST: Final = 0.90
"""The least share of its ink that must be found where a text stands."""
MOST: Final = 1.60
"""And the most, beside what its neighbours' letters and marks bring into its box."""
BLACK: Final = 60
"""A page's darkest pixel is no lighter. (Black of a press alone is shown as a dark grey.)"""
SPECK: Final = 1.6
"""Square pixels by which any text may be off: the edges of pixels are rounded."""
LARGEST: Final = 24_000_000
"""Pixels of a rendered page, at most."""


@dataclass(frozen=True, slots=True)
class Blot:
    """A line of a text: its ``box`` in points from the top left corner, and the ink it has, in square points."""

    page: int
    size: float
    box: tuple[float, float, float, float]
    ink: float
    owner: int
    name: str
    among: tuple[int, ...] = ()
    """The entries of which it shows parts."""


class Light:
    """Renders a file in a thread of its own, page by page, and holds each page against what ought to stand there.

    One page is looked at while the next is rendered; no more than two are held.
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
        """Has ``page`` rendered, so that type of ``smallest`` points can be told. Once a page, in order."""
        width, height = self._sizes[page]
        scale = min(4.0, max(1.0, PIXELS / smallest), (LARGEST / (width * height)) ** 0.5)
        self._scales[page] = scale
        self._wanted.put((page, scale))

    def look(self, page: int, blots: Sequence[Blot]) -> None:
        """Compares what stands on ``page``. Raises ReadBackError for the first line with too little or too much ink."""
        found = self._ready.get()
        if isinstance(found, BaseException):
            raise ReadBackError(f"the file cannot be rendered: {found}") from found
        image, black = found
        scale = self._scales[page]
        if black > BLACK:
            raise ReadBackError(f"nothing on page {page + 1} is black")
        for blot in blots:
            ink = _found(image, blot.box, scale, black)
            speck = SPECK * (1 + len(blot.name) / 8) / scale**2
            if ink < FEWEST * blot.ink - speck or (
                ink > MOST * blot.ink + 4 * speck and ink > MOST * blot.ink + 4 * speck + _near(blot, blots)
            ):
                raise ReadBackError(
                    f"{ink / blot.ink:.0%} of the ink of {blot.name!r} is on page {page + 1}",
                    blot.owner if blot.owner >= 0 else None,
                    blot.among,
                )
            self._least, self._most = min(self._least, ink / blot.ink), max(self._most, ink / blot.ink)
        self.lines += len(blots)

    def close(self) -> dict[str, Any]:
        """Ends the thread; says how many lines were looked at, and the least and most of their ink that was found."""
        self._wanted.put(None)
        while self._thread.is_alive():
            # It may wait to hand over a page that nobody will look at.
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


def _near(blot: Blot, blots: Sequence[Blot]) -> float:
    """The ink that other lines may bring into the box of ``blot``."""
    found = 0.0
    a = blot.box
    for other in blots:
        b = other.box
        across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if other is not blot and across > 0 and down > 0:
            found += min(other.ink, across * down)
    return found


def _found(image: Image.Image, box: tuple[float, float, float, float], scale: float, black: float) -> float:
    """The ink in ``box``, in square points."""
    # Glyphs are placed on whole pixels: what lies at the edge of a box may be drawn just beyond it.
    left, top = max(0.0, box[0] * scale), max(0.0, box[1] * scale - 0.75)
    right, bottom = min(image.width, box[2] * scale), min(image.height, box[3] * scale + 0.75)
    if right - left < 0.01 or bottom - top < 0.01:
        return 0.0
    mean = image.resize((1, 1), Image.Resampling.BOX, box=(left, top, right, bottom)).getpixel((0, 0))
    assert isinstance(mean, float)  # noqa: S101 - of an image of floats
    return (255 - mean) / (255 - black) * (right - left) * (bottom - top) / scale**2
