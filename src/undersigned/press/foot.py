"""The foot of a page: edition number and id, address, QR symbol and imprint (who paid and is responsible)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .design import RULE
from .lines import Line, Units, ragged
from .names import Word, direction_of, own_direction, words_of
from .order import Checked
from .pdf import Engine
from .prose import word_widths
from .qr import Runs, runs_of
from .setting import set_words
from .sheet import MM, Box, SetLine, Sheet
from .words import Words

MODULE: Final = 0.45 * MM
"""Points: the smallest QR module that survives coarse newsprint."""
QUIET: Final = 2
"""Width of the quiet zone around the symbol in modules, in addition to the page's margin."""
SIGNS: Final = 16
"""Characters of the edition id that are printed: 96 bits."""


@dataclass(frozen=True, slots=True)
class Foot:
    """The foot in ``box``: ready lines, and the symbol at its end."""

    box: Box
    lines: tuple[SetLine, ...]
    runs: Runs
    module: float
    corner: tuple[float, float]

    def place(self, sheet: Sheet, rule: bool) -> None:
        """Sets it."""
        sheet.lines.extend(self.lines)
        sheet.codes.append((*self.corner, self.module, self.runs))
        if rule:
            sheet.rules.append((self.box.x, self.box.y, self.box.width, RULE))


def lay_foot(engine: Engine, checked: Checked, words: Words, box: Box, size: float) -> Foot:
    """The foot at the bottom of ``box`` in type of ``size`` points."""
    order = checked.order
    side = direction_of(order.lang)
    runs, modules = runs_of(order.address)
    module = max(MODULE, 15 * MM / modules)
    symbol = module * modules
    texts = [
        (f"{words.say('edition', n=checked.edition.number)} · \u2066{checked.id[:SIGNS]}\u2069", "b"),
        (f"{words.say('check')} \u2066{order.address}\u2069", "r"),
        (_isolated(order.imprint, side), "r"),
    ]
    measure = box.width - symbol - 3 * QUIET * module
    rows = [row for text, face in texts for row in _broken(engine, text, face, order.lang, size, measure)]
    pitch = 1.3 * size
    height = max(symbol + 2 * QUIET * module, len(rows) * pitch + 0.8 * size)
    area = Box(box.x, box.bottom - height, box.width, height)
    x = box.x if side == "ltr" else box.right
    top = area.bottom - len(rows) * pitch
    lines = []
    for i, (wording, line, space) in enumerate(rows):
        lines.append(set_words(wording, line, x, top + (i + 0.78) * pitch, size, space, order.lang))
    corner = (area.right - symbol if side == "ltr" else area.x, area.bottom - symbol)
    return Foot(area, tuple(lines), runs, module, (round(corner[0], 3), round(corner[1], 3)))


def _isolated(text: str, side: str) -> str:
    # An imprint may be in another language than the page: its full stop stays at its own end.
    own = own_direction(text)
    return text if own in (None, side) else ("\u2066" if own == "ltr" else "\u2067") + text + "\u2069"


def _broken(
    engine: Engine, text: str, face: str, lang: str, size: float, measure: float
) -> list[tuple[tuple[Word, ...], Line, float]]:
    words = tuple(words_of(text, face=face))
    if not words:
        return []
    widths = word_widths(engine, words, size, lang)
    space = engine.space(size, face, lang) / size
    units = Units.of(words, widths, measure / size, space)
    return [(words, line, space) for line in ragged(units, len(words), measure / size, space)]
