"""Adapter for the typesetting engine (typst): measures words, and compiles sheets and templates to PDF or PNG.

The only module that imports it. Data goes in as one JSON file next to a fixed template, both in memory: no text is ever
parsed as markup, no other file is read, no font outside the stack is seen. The timestamp is an argument, so the same
input gives the same bytes.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import typst

from .errors import EngineError
from .names import NOT_FIRST, NOT_LAST
from .sheet import Sheet
from .stack import Piece, Stack

Batch = tuple[float, str, str, Sequence[str]]
"""Words to measure: size in points, face, language, words."""
Shown = str | list[Piece]
"""A text for a template: a string set in the first family, or pieces with a face each."""
VERSION: Final = version("typst")


@cache
def _fonts(files: tuple[Path, ...]) -> typst.Fonts:
    # The engine takes folders, and would load a folder's other fonts too: so give it a temporary one of symbolic links.
    folder = Path(tempfile.mkdtemp(prefix="undersigned-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in files:
        (folder / file.name).symlink_to(file)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


@cache
def template(name: str) -> bytes:
    """The bytes of one of our templates."""
    return resources.files(__package__).joinpath(name).read_bytes()


class Engine:
    """Measures words and typesets pages with one font stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._fonts = _fonts(stack.files)
        self._widths_cache: dict[tuple[float, str, str], dict[str, float]] = {}

    def itemise(self, text: str, way: str = "r") -> Shown:
        """Itemises ``text`` for a template: each piece names its face, so the engine never does font fallback."""
        pieces = self._stack.itemise(text, way)
        if len(pieces) == 1 and pieces[0][:2] == (way, 0):
            return text
        return list(pieces)

    def pieces(self, pieces: Sequence[tuple[str, str]]) -> list[Piece]:
        """Itemises a line's pieces (way of setting, text) one by one, as they were measured, so kerning is equal."""
        found: list[Piece] = []
        for way, text in pieces:
            for piece in self._stack.itemise(text, way):
                if found and found[-1][:2] == piece[:2]:
                    found[-1] = (*piece[:2], found[-1][2] + piece[2])
                else:
                    found.append(piece)
        return found

    def widths(self, batches: Sequence[Batch]) -> list[list[float]]:
        """The natural width in points of each word of each batch. Measured widths are cached."""
        wanted: list[Batch] = []
        for size, face, lang, words in batches:
            known = self._widths_cache.setdefault((size, face, lang), {})
            missing = list(dict.fromkeys(word for word in words if word not in known))
            if missing:
                wanted.append((size, face, lang, missing))
        if wanted:
            cut = [(z, f, g, [self.itemise(_between_ideographs(w), f) for w in ws]) for z, f, g, ws in wanted]
            job = {"mode": "measure", "batches": cut}
            found = json.loads(self._compiler("page.typ", job).query("<widths>", field="value", one=True))
            for (size, face, lang, words), widths in zip(wanted, found, strict=True):
                frame = 2 * size
                bare = [
                    width - frame if _has_narrowed_mark(word) else width
                    for word, width in zip(words, widths, strict=True)
                ]
                self._widths_cache[size, face, lang].update(zip(words, bare, strict=True))
        return [[self._widths_cache[size, face, lang][word] for word in words] for size, face, lang, words in batches]

    def space(self, size: float, face: str, lang: str) -> float:
        """The natural word space in points."""
        (pair,) = self.widths([(size, face, lang, ["n n", "nn"])])
        return pair[0] - pair[1]

    def pages(self, sheets: Sequence[Sheet], width: float, height: float, title: str, timestamp: datetime) -> bytes:
        """Sheets of ``width`` by ``height`` points as a plain PDF 1.4: untagged, K only, fonts embedded."""
        compiled = self._set(sheets, width, height, title).compile(
            format="pdf", pdf_standards=["1.4"], pdf_tags=False, timestamp=timestamp
        )
        return _single_file(compiled)

    def pictures(self, sheets: Sequence[Sheet], width: float, height: float, title: str, ppi: float) -> list[bytes]:
        """The same sheets as PNG."""
        compiled = self._set(sheets, width, height, title).compile(format="png", ppi=ppi)
        return compiled if isinstance(compiled, list) else [_single_file(compiled)]

    def document(
        self,
        name: str,
        data: Mapping[str, Any],
        files: Mapping[str, bytes],
        standards: list[Any],
        timestamp: datetime,
    ) -> bytes:
        """A document of template ``name`` from ``data`` (read as page.json) and ``files``."""
        try:
            compiled = self._compiler(name, dict(data), files).compile(
                format="pdf", pdf_standards=standards, timestamp=timestamp
            )
        except typst.TypstError as error:
            raise EngineError(str(error)) from error
        return _single_file(compiled)

    def picture(self, name: str, data: Mapping[str, Any], ppi: float) -> bytes:
        """The one page of template ``name`` from ``data`` as PNG; 72 ppi: one pixel a point. Raises EngineError."""
        try:
            return _single_file(self._compiler(name, dict(data)).compile(format="png", ppi=ppi))
        except typst.TypstError as error:
            raise EngineError(str(error)) from error

    def _set(self, sheets: Sequence[Sheet], width: float, height: float, title: str) -> typst.Compiler:
        pages = [
            {
                "rules": sheet.rules,
                "codes": sheet.codes,
                "lines": [
                    (r.x, r.y, r.anchor, r.size, r.extra, r.width, r.direction, r.lang, self.pieces(r.pieces))
                    for r in sheet.lines
                ],
            }
            for sheet in sheets
        ]
        return self._compiler(
            "page.typ", {"mode": "set", "title": title, "width": width, "height": height, "pages": pages}
        )

    def _compiler(self, name: str, job: dict[str, Any], files: Mapping[str, bytes] | None = None) -> typst.Compiler:
        job["fonts"] = self._stack.families
        # The type stubs allow a path or one source; the engine takes a mapping of files as well.
        sources: Any = {"main.typ": template(name), "shown.typ": template("shown.typ"), **(files or {})}
        sources["page.json"] = json.dumps(job).encode()
        return typst.Compiler(sources, font_paths=self._fonts)


def _has_narrowed_mark(word: str) -> bool:
    """Whether ``word`` has a CJK mark that the engine narrows at the ends of a line, where a measured word is."""
    return bool(NOT_FIRST & set(word)) or bool(NOT_LAST & set(word))


def _between_ideographs(word: str) -> str:
    # Measured between two ideographs of one em each, no mark is at the end of the line.
    return f"\u56fd{word}\u56fd" if _has_narrowed_mark(word) else word


def _single_file(compiled: object) -> bytes:
    if not isinstance(compiled, bytes):
        raise EngineError("the engine did not return a single file")
    return compiled
