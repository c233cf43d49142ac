"""The only file that knows the typesetting engine (typst).

Words and lines go in as one JSON file beside a fixed template, both in memory: no text is ever parsed as markup, no
file outside is read, no font but the given ones is seen. The same input gives the same bytes: the date comes in.
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
"""A text for a template: all in the first family, as it stands there, or in pieces."""
VERSION: Final = version("typst")


@cache
def _fonts(files: tuple[Path, ...]) -> typst.Fonts:
    # The engine takes folders only, and would take a folder's other fonts too: so one of links, for this process.
    folder = Path(tempfile.mkdtemp(prefix="undersigned-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in files:
        (folder / file.name).symlink_to(file)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


@cache
def template(name: str) -> bytes:
    """The bytes of a template of ours."""
    return resources.files(__package__).joinpath(name).read_bytes()


class Engine:
    """Measures words and sets pages in one stack of faces."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._fonts = _fonts(stack.files)
        self._known: dict[tuple[float, str, str], dict[str, float]] = {}

    def cut(self, text: str, way: str = "r") -> Shown:
        """``text`` as the templates take it: each piece with its one face, so that the engine has no choice to make."""
        pieces = self._stack.cut(text, way)
        if len(pieces) == 1 and pieces[0][:2] == (way, 0):
            return text
        return list(pieces)

    def pieces(self, pieces: Sequence[tuple[str, str]]) -> list[Piece]:
        """Pieces of a line (way of setting, text), cut by face. Each is cut by itself, as it was measured."""
        found: list[Piece] = []
        for way, text in pieces:
            for piece in self._stack.cut(text, way):
                if found and found[-1][:2] == piece[:2]:
                    found[-1] = (*piece[:2], found[-1][2] + piece[2])
                else:
                    found.append(piece)
        return found

    def widths(self, batches: Sequence[Batch]) -> list[list[float]]:
        """The natural width in points of each word of each batch. Remembers what it has measured."""
        wanted: list[Batch] = []
        for size, face, lang, words in batches:
            known = self._known.setdefault((size, face, lang), {})
            missing = list(dict.fromkeys(word for word in words if word not in known))
            if missing:
                wanted.append((size, face, lang, missing))
        if wanted:
            cut = [(z, f, g, [self.cut(_framed(w), f) for w in ws]) for z, f, g, ws in wanted]
            job = {"mode": "measure", "batches": cut}
            found = json.loads(self._compiler("page.typ", job).query("<widths>", field="value", one=True))
            for (size, face, lang, words), widths in zip(wanted, found, strict=True):
                frame = 2 * size
                bare = [width - frame if _squeezed(word) else width for word, width in zip(words, widths, strict=True)]
                self._known[size, face, lang].update(zip(words, bare, strict=True))
        return [[self._known[size, face, lang][word] for word in words] for size, face, lang, words in batches]

    def space(self, size: float, face: str, lang: str) -> float:
        """The natural word space in points."""
        (pair,) = self.widths([(size, face, lang, ["n n", "nn"])])
        return pair[0] - pair[1]

    def pages(self, sheets: Sequence[Sheet], width: float, height: float, title: str, timestamp: datetime) -> bytes:
        """Sheets of ``width`` by ``height`` points as a plain PDF 1.4: untagged, K only, fonts embedded."""
        compiled = self._set(sheets, width, height, title).compile(
            format="pdf", pdf_standards=["1.4"], pdf_tags=False, timestamp=timestamp
        )
        return _one(compiled)

    def pictures(self, sheets: Sequence[Sheet], width: float, height: float, title: str, ppi: float) -> list[bytes]:
        """The same sheets as PNG."""
        compiled = self._set(sheets, width, height, title).compile(format="png", ppi=ppi)
        return compiled if isinstance(compiled, list) else [_one(compiled)]

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
        return _one(compiled)

    def picture(self, name: str, data: Mapping[str, Any], ppi: float) -> bytes:
        """The one page of template ``name`` from ``data`` as PNG; 72 ppi: one pixel a point. Raises EngineError."""
        try:
            return _one(self._compiler(name, dict(data)).compile(format="png", ppi=ppi))
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
        # The stubs know a path or one source; the engine takes a mapping of files as well.
        sources: Any = {"main.typ": template(name), "shown.typ": template("shown.typ"), **(files or {})}
        sources["page.json"] = json.dumps(job).encode()
        return typst.Compiler(sources, font_paths=self._fonts)


def _squeezed(word: str) -> bool:
    """Whether the engine narrows a mark of ``word`` at the ends of a line, which is where a measured word stands."""
    return bool(NOT_FIRST & set(word)) or bool(NOT_LAST & set(word))


def _framed(word: str) -> str:
    # Between two ideographs, each one em wide, nothing is narrowed.
    return f"\u56fd{word}\u56fd" if _squeezed(word) else word


def _one(compiled: object) -> bytes:
    if not isinstance(compiled, bytes):
        raise EngineError("the engine gave no single file")
    return compiled
