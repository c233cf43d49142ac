"""Orders of invented letters, and access to a page between the steps of make_page."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from undersigned.press import PageOrder, preflight, proof, readback
from undersigned.press.compose import SEPARATOR, Composer, Copy, Layout, copy_of, places_of
from undersigned.press.content import read
from undersigned.press.missing_glyphs import make_printable
from undersigned.press.names import direction_of
from undersigned.press.order import Checked, check
from undersigned.press.page import _limits
from undersigned.press.pdf import Engine
from undersigned.press.pdfx import convert_to_pdfx
from undersigned.press.sheet import Sheet

from .people import GROUPS, LETTERS, edition_of

WHEN = datetime(2026, 12, 1, 6, tzinfo=UTC)
TOOLS = {
    "gs": "ghostscript",
    "qpdf": "qpdf",
    "pdffonts": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "pdfdetach": "poppler-utils",
    "zbarimg": "zbar-tools",
}


def order(roll: str = "en", number: int = 60, **changes: Any) -> PageOrder:
    """An order for ``number`` invented people; ``roll`` "mixed" is on an English page. ``changes``: other fields."""
    lang = "en" if roll == "mixed" else roll
    title, text = LETTERS[lang]
    made = PageOrder(
        edition=changes.pop("edition", None) or edition_of(roll, number),
        title=title,
        text=text,
        groups=GROUPS[lang],
        lang=lang,
        paper="240x330 mm",
        style="list",
        design="classic",
        address="https://letter.example.org/air-crew",
        imprint="Advertisement. Paid for by Anna Example, 1 Sample Street, who answers for it.",
        timestamp=WHEN,
    )
    return replace(made, **changes)


@dataclass
class Taken:
    """A page's intermediate results."""

    checked: Checked
    copy: Copy
    engine: Engine
    composer: Composer
    layout: Layout

    def paint(self, sheets: tuple[Sheet, ...] | None = None) -> bytes:
        """The PDF/X of ``sheets``, or of the page as laid out."""
        composer, wanted = self.composer, self.checked.order
        plain = self.engine.pages(sheets or self.layout.sheets, composer.width, composer.height, wanted.title, WHEN)
        return self.convert_to_pdfx(plain)

    def convert_to_pdfx(self, plain: bytes) -> bytes:
        """``plain`` as the paper's PDF/X."""
        paper = self.checked.paper
        return convert_to_pdfx(
            plain,
            flavour=paper.flavour,
            condition=paper.condition,
            title=self.checked.order.title,
            timestamp=WHEN,
            icc=self.checked.order.icc,
        )

    def read_back(self, page: bytes) -> dict[str, Any]:
        """Reads ``page`` back against the edition."""
        separator = SEPARATOR if self.checked.order.style == "run-in" else ""
        return readback.prove(
            read(page),
            places_of(self.layout),
            self.copy.sections,
            self.copy.entries,
            direction_of(self.checked.order.lang),
            separator,
        )

    def painted(self, page: bytes) -> dict[str, Any]:
        """Proves ``page`` by glyph and by ink."""
        told = proof.expected_texts(self.layout.sheets, self.copy.entries)
        return proof.prove(page, told, self.engine._stack, self.checked.order.lang)

    def preflight(self, page: bytes) -> dict[str, Any]:
        """Preflights ``page`` by the limits of its paper."""
        return preflight.check(page, read(page), _limits(self.composer, self.layout))


def take_apart(wanted: PageOrder) -> Taken:
    """The steps of make_page up to the layout."""
    settled = make_printable(check(wanted))
    checked = settled.checked
    copy = copy_of(checked, settled.entries, aside=settled.aside)
    engine = Engine(settled.stack)
    composer = Composer(checked, copy, engine)
    layout = composer.compose(lambda _what, _share: None)
    assert layout is not None
    return Taken(checked, copy, engine, composer, layout)


def run(tool: str, *arguments: object) -> str:
    """The output of a Debian tool. Fails, naming the package, if it is not installed."""
    assert shutil.which(tool), f"{tool} is needed: apt-get install {TOOLS[tool]}"
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")
    return done.stdout.decode(errors="replace")


def cmyk_profile() -> bytes:
    """A minimal CMYK output profile: a header and no tags."""
    header = bytearray(132)
    header[0:4] = (132).to_bytes(4)
    header[8:12] = b"\x02\x40\x00\x00"
    header[12:20] = b"prtrCMYK"
    header[20:24] = b"Lab "
    header[36:40] = b"acsp"
    return bytes(header)
