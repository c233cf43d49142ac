"""Which face sets what: every letter with its marks goes to one face that paints the whole of it, or to none.

The engine is never left to choose: asked for a letter that a face lacks, with an accent that it has, it sets the accent
alone and says nothing (docs/adr/0100). So each text comes to it in pieces, each with its one face, decided here.

A stack is asked from left to right, and each face answers only for what it is there for (``covers``): so a Hebrew
page's digits and punctuation are Hebrew-face digits, and its Latin names are set in the Latin face. A word stays in one
face where one has all of it: an Ewe name does not change its face at every open e.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .clusters import IGNORED, clusters_of, words_in
from .errors import FontError, MissingGlyphError
from .fonts import (
    ARABIC,
    ARABIC_BOLD,
    CJK,
    CJK_BOLD,
    CJK_FAMILY,
    HEBREW,
    RARE,
    SERIF,
    SERIF_ITALIC,
    Face,
    digest_of,
    is_cjk,
    path_of,
)
from .shaping import Cut, cut_of, shows

WEIGHTS: Final = {"r": 400, "i": 400, "b": 600, "h": 700}
"""How bold each way of setting is: roman, italic, bold, headline. The templates say the same."""
Piece = tuple[str, int, str]
"""How it is set (a key of WEIGHTS), the number of its family in the stack, and the text."""
_FIRST: Final = {"he": HEBREW, "yi": HEBREW, "ar": ARABIC, "fa": ARABIC, "ur": ARABIC}


@dataclass(frozen=True, slots=True)
class Choice:
    """One face as the engine would take it: by family and way of setting."""

    way: str
    family: int
    face: Face
    index: int
    answers: re.Pattern[str] | None

    def cut(self, size: float = 0.0) -> Cut:
        """The face for HarfBuzz; ``size``: the optical size in points."""
        return cut_of(path_of(self.face), self.index, float(WEIGHTS[self.way]), round(size, 3))

    def shows(self, cluster: str) -> bool:
        """Whether it answers for ``cluster``, and paints all of it."""
        return (self.answers is None or self.answers.match(cluster) is not None) and shows(self.cut(), cluster)


@dataclass(frozen=True, slots=True)
class Stack:
    """The faces of one page in order of preference. ``families``: by name, as the engine knows them."""

    families: tuple[str, ...]
    files: tuple[Path, ...]
    hashes: tuple[tuple[str, str], ...]
    choices: dict[str, tuple[Choice, ...]] = field(repr=False)
    lost: tuple[str, ...] = ()
    """Faces that the page could do with and that are not installed, each with what to do."""
    _known: dict[tuple[str, str], tuple[Piece, ...]] = field(default_factory=dict, repr=False)
    _cuts: dict[tuple[str, int, float], Cut] = field(default_factory=dict, repr=False)
    _chosen: dict[tuple[str, str], Choice | None] = field(default_factory=dict, repr=False)

    def cut(self, text: str, way: str = "r") -> tuple[Piece, ...]:
        """``text`` in pieces of one face each. Raises MissingGlyphError for what no face shows."""
        found = self._known.get((text, way))
        if found is None:
            plain = self._plain(way) if text.isascii() and text.isprintable() else None
            found = ((plain.way, plain.family, text),) if plain else tuple(self._pieces(text, way))
            self._known[text, way] = found
        return found

    def missing(self, text: str, way: str = "r") -> list[str]:
        """The clusters of ``text`` that no face of the stack shows, in order."""
        if text.isascii() and text.isprintable():
            return []
        return [c for c in clusters_of(text) if not _silent(c) and self._choose(c, way) is None]

    def face(self, way: str, family: int, size: float) -> Cut:
        """The face that pieces of that way and family are set in, at ``size`` points."""
        key = (way, family, size)
        found = self._cuts.get(key)
        if found is None:
            choice = next(c for c in self.choices[way] if c.way == way and c.family == family)
            found = self._cuts[key] = choice.cut(size)
        return found

    def _plain(self, way: str) -> Choice | None:
        """The one face that sets all of ASCII, if one does."""
        key = ("\x00ascii", way)
        if key not in self._chosen:
            kinds = {self._choose(chr(point), way) for point in range(32, 127)}
            self._chosen[key] = kinds.pop() if len(kinds) == 1 else None
        return self._chosen[key]

    def _choose(self, cluster: str, way: str) -> Choice | None:
        key = (cluster, way)
        if key not in self._chosen:
            self._chosen[key] = next((choice for choice in self.choices[way] if choice.shows(cluster)), None)
        return self._chosen[key]

    def _pieces(self, text: str, way: str) -> list[Piece]:
        pieces: list[Piece] = []
        held = ""
        for word in words_in(text):
            for cluster, choice in self._settled(word, way):
                if choice is None:
                    # Isolates and joiners go with what stands before them; the first of a text with what follows.
                    if pieces and _silent(cluster):
                        pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + cluster)
                    elif _silent(cluster):
                        held += cluster
                    else:
                        raise MissingGlyphError(cluster[0], name_of(cluster), text)
                    continue
                if pieces and pieces[-1][:2] == (choice.way, choice.family):
                    pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + cluster)
                else:
                    pieces.append((choice.way, choice.family, held + cluster))
                    held = ""
        if held:
            pieces.append((way, 0, held))
        return pieces

    def _settled(self, word: str, way: str) -> list[tuple[str, Choice | None]]:
        clusters = clusters_of(word)
        if len(clusters) == 1:
            return [(word, None if _silent(word) else self._choose(word, way))]
        each = [self._choose(cluster, way) for cluster in clusters]
        kinds = set(each) - {None}
        if len(kinds) > 1:
            shown = [c for c, choice in zip(clusters, each, strict=True) if choice is not None]
            whole = next((choice for choice in self.choices[way] if all(map(choice.shows, shown))), None)
            if whole is not None:
                each = [None if choice is None else whole for choice in each]
        return list(zip(clusters, each, strict=True))


def _silent(cluster: str) -> bool:
    """Whether ``cluster`` is of isolates, joiners and the like alone, which paint nothing in any face."""
    return not IGNORED.sub("", cluster)


def stack_for(lang: str, texts: Iterable[str], *, strict: bool = False) -> Stack:
    """The faces for a page in ``lang`` that shows ``texts``.

    ``strict``: raises MissingGlyphError for the first letter none of them shows. Raises FontError if a face cannot be
    had; one that only some names need, and that is not installed, is noted (``lost``), and those names have none.
    """
    base = lang.split("-")[0]
    faces = [face for face in (_FIRST.get(base), SERIF, SERIF_ITALIC, RARE, HEBREW, ARABIC, ARABIC_BOLD) if face]
    faces = list(dict.fromkeys(faces))
    texts = list(texts)
    lost: list[str] = []
    # On other pages only names are in these scripts, and names are never bold: 27 MB need not be read.
    wanted = [CJK, CJK_BOLD] if base in CJK_FAMILY else [CJK] if any(map(is_cjk, set().union(*texts))) else []
    for face in wanted:
        try:
            digest_of(face)
        except FontError as error:
            if base in CJK_FAMILY:
                raise
            lost.append(str(error))
        else:
            faces.append(face)
    hashes = tuple((Path(face.file).name, digest_of(face)) for face in faces)
    families: dict[str, list[Face]] = {}
    index = dict.fromkeys(faces, 0)
    for face in faces:
        name = face.family
        if face in (CJK, CJK_BOLD):
            name, index[face] = CJK_FAMILY.get(base, CJK_FAMILY["ja"])
        families.setdefault(name, []).append(face)
    choices = {way: tuple(_choices(way, list(families.values()), index)) for way in WEIGHTS}
    stack = Stack(tuple(families), tuple(path_of(face) for face in faces), hashes, choices, tuple(lost))
    if strict:
        for text in texts:
            for cluster in stack.missing(text):
                raise MissingGlyphError(cluster[0], name_of(cluster), text)
    return stack


def _choices(way: str, families: list[list[Face]], index: dict[Face, int]) -> Iterable[Choice]:
    """The faces asked for text set in ``way``: each family's own for it, and then its plain one."""
    for number, faces in enumerate(families):
        answers = re.compile(faces[0].covers) if faces[0].covers else None
        plain = faces[0]
        own = next((face for face in faces if face in _OWN.get(way, ())), None)
        if own is not None:
            yield Choice(way, number, own, index[own], answers)
        # A family without an italic is asked for its upright; without a file for its bold, for as bold as it goes.
        yield Choice("r" if way == "i" or own is not None else way, number, plain, index[plain], answers)


_OWN: Final = {"i": (SERIF_ITALIC,), "b": (ARABIC_BOLD, CJK_BOLD), "h": (ARABIC_BOLD, CJK_BOLD)}
"""Faces in files of their own for a way of setting; in the others weight is a matter of degree."""


def name_of(cluster: str) -> str:
    """The Unicode names of what ``cluster`` is made of."""
    told = IGNORED.sub("", cluster) or cluster
    return " with ".join(unicodedata.name(c, "a character without a name") for c in told)
