"""Font fallback: assigns each grapheme cluster to one face that can render all of it, or to none.

The engine must not do its own fallback: for a letter that a face lacks, with an accent that it has, it sets the accent
alone and reports no error (docs/adr/0100). So every text is itemised here, each piece with its face.

The faces of a stack are tried in order, and each only for the characters it is meant for (``covers``): so digits and
punctuation on a Hebrew page come from the Hebrew face, and Latin names from the Latin face. A word stays in one face
if one has all of it: an Ewe name does not change its face at every open e.
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
from .shaping import FontInstance, can_render, font_instance

WEIGHTS: Final = {"r": 400, "i": 400, "b": 600, "h": 700}
"""Font weight of each way of setting: roman, italic, bold, headline. shown.typ has the same numbers."""
Piece = tuple[str, int, str]
"""Way of setting (a key of WEIGHTS), index of the family in the stack, and text."""
_FIRST: Final = {"he": HEBREW, "yi": HEBREW, "ar": ARABIC, "fa": ARABIC, "ur": ARABIC}


@dataclass(frozen=True, slots=True)
class Choice:
    """One face as the engine selects it: by family and way of setting."""

    way: str
    family: int
    face: Face
    index: int
    answers: re.Pattern[str] | None

    def instance(self, size: float = 0.0) -> FontInstance:
        """The font instance for HarfBuzz; ``size``: the optical size in points."""
        return font_instance(path_of(self.face), self.index, float(WEIGHTS[self.way]), round(size, 3))

    def can_render(self, cluster: str) -> bool:
        """Whether the face is meant for ``cluster`` and can render all of it."""
        return (self.answers is None or self.answers.match(cluster) is not None) and can_render(
            self.instance(), cluster
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """A font stack: the faces of one page in order of preference. ``families``: their names in the engine."""

    families: tuple[str, ...]
    files: tuple[Path, ...]
    hashes: tuple[tuple[str, str], ...]
    choices: dict[str, tuple[Choice, ...]] = field(repr=False)
    lost: tuple[str, ...] = ()
    """Useful faces that are not installed, each with what to install."""
    _pieces_cache: dict[tuple[str, str], tuple[Piece, ...]] = field(default_factory=dict, repr=False)
    _instances: dict[tuple[str, int, float], FontInstance] = field(default_factory=dict, repr=False)
    _chosen: dict[tuple[str, str], Choice | None] = field(default_factory=dict, repr=False)

    def itemise(self, text: str, way: str = "r") -> tuple[Piece, ...]:
        """Itemises ``text``: pieces of one face each, cached. Raises MissingGlyphError if no face has a cluster."""
        found = self._pieces_cache.get((text, way))
        if found is None:
            plain = self._plain(way) if text.isascii() and text.isprintable() else None
            found = ((plain.way, plain.family, text),) if plain else tuple(self._pieces(text, way))
            self._pieces_cache[text, way] = found
        return found

    def missing(self, text: str, way: str = "r") -> list[str]:
        """The clusters of ``text`` that no face of the stack can render, in order."""
        if text.isascii() and text.isprintable():
            return []
        return [c for c in clusters_of(text) if not _is_invisible(c) and self._choose(c, way) is None]

    def face(self, way: str, family: int, size: float) -> FontInstance:
        """The font instance for pieces of that way and family, at ``size`` points."""
        key = (way, family, size)
        found = self._instances.get(key)
        if found is None:
            choice = next(c for c in self.choices[way] if c.way == way and c.family == family)
            found = self._instances[key] = choice.instance(size)
        return found

    def _plain(self, way: str) -> Choice | None:
        """The one face that sets all of ASCII, if there is one: the fast path of ``itemise``."""
        key = ("\x00ascii", way)
        if key not in self._chosen:
            kinds = {self._choose(chr(point), way) for point in range(32, 127)}
            self._chosen[key] = kinds.pop() if len(kinds) == 1 else None
        return self._chosen[key]

    def _choose(self, cluster: str, way: str) -> Choice | None:
        key = (cluster, way)
        if key not in self._chosen:
            self._chosen[key] = next((choice for choice in self.choices[way] if choice.can_render(cluster)), None)
        return self._chosen[key]

    def _pieces(self, text: str, way: str) -> list[Piece]:
        pieces: list[Piece] = []
        held = ""
        for word in words_in(text):
            for cluster, choice in self._choose_faces(word, way):
                if choice is None:
                    # Isolates and joiners stay with the text before them, at the start of a text with what follows:
                    # a separate piece would break shaping.
                    if pieces and _is_invisible(cluster):
                        pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + cluster)
                    elif _is_invisible(cluster):
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

    def _choose_faces(self, word: str, way: str) -> list[tuple[str, Choice | None]]:
        clusters = clusters_of(word)
        if len(clusters) == 1:
            return [(word, None if _is_invisible(word) else self._choose(word, way))]
        each = [self._choose(cluster, way) for cluster in clusters]
        kinds = set(each) - {None}
        if len(kinds) > 1:
            shown = [c for c, choice in zip(clusters, each, strict=True) if choice is not None]
            whole = next((choice for choice in self.choices[way] if all(map(choice.can_render, shown))), None)
            if whole is not None:
                each = [None if choice is None else whole for choice in each]
        return list(zip(clusters, each, strict=True))


def _is_invisible(cluster: str) -> bool:
    """Whether ``cluster`` has only isolates, joiners and the like, which no face paints."""
    return not IGNORED.sub("", cluster)


def stack_for(lang: str, texts: Iterable[str], *, strict: bool = False) -> Stack:
    """The font stack for a page in ``lang`` that shows ``texts``.

    ``strict``: raises MissingGlyphError for the first letter without a glyph. Raises FontError if a required face is
    missing; a missing face that only some names need is listed in ``lost``, and those names are set aside.
    """
    base = lang.split("-")[0]
    faces = [face for face in (_FIRST.get(base), SERIF, SERIF_ITALIC, RARE, HEBREW, ARABIC, ARABIC_BOLD) if face]
    faces = list(dict.fromkeys(faces))
    texts = list(texts)
    lost: list[str] = []
    # On pages in other languages only names need CJK, and names are never bold: save reading 27 MB.
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
    """The faces to try for text set in ``way``: of each family the dedicated face, then the regular one."""
    for number, faces in enumerate(families):
        answers = re.compile(faces[0].covers) if faces[0].covers else None
        plain = faces[0]
        own = next((face for face in faces if face in _OWN.get(way, ())), None)
        if own is not None:
            yield Choice(way, number, own, index[own], answers)
        # Fallback within a family: upright instead of a missing italic, the variable weight instead of a bold file.
        yield Choice("r" if way == "i" or own is not None else way, number, plain, index[plain], answers)


_OWN: Final = {"i": (SERIF_ITALIC,), "b": (ARABIC_BOLD, CJK_BOLD), "h": (ARABIC_BOLD, CJK_BOLD)}
"""Dedicated files for a way of setting; the other families have a weight axis."""


def name_of(cluster: str) -> str:
    """The Unicode names of the characters in ``cluster``."""
    told = IGNORED.sub("", cluster) or cluster
    return " with ".join(unicodedata.name(c, "a character without a name") for c in told)
