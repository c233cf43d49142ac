"""The pinned fonts: which files a page may use, where they are installed, and their SHA-256 hashes.

Most come from Python wheels. Every file is pinned by hash, because a different file breaks lines differently and so
gives different bytes; system fonts are never searched. No wheel has a CJK serif face: where a text needs one, Debian's
is read from its installed path and pinned too, in Debian 12's and Debian 13's version (docs/adr/0086).

``stack.py`` decides which face sets which text (font fallback).
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from .errors import FontError


@dataclass(frozen=True, slots=True)
class Face:
    """One font file. ``package``: the Python package whose ``files`` hold it; else ``debian``, with its version.

    ``covers``: the characters it answers for where others are asked too, as a pattern; "": whatever it has.
    """

    family: str
    package: str
    file: str
    sha256: str
    covers: str = ""
    debian: str = ""
    also: tuple[tuple[str, str], ...] = ()
    """Other editions of the file that do as well: (SHA-256, where it is from)."""


SERIF: Final = Face(
    "Source Serif 4",
    "fontpkg_source_serif_4",
    "SourceSerif4[opsz,wght].ttf",
    "97b2d4da6e3cb494b5a1e66ae176914d852ccabef49e0c02c0df25f3e39aca0b",
)
SERIF_ITALIC: Final = Face(
    "Source Serif 4",
    "fontpkg_source_serif_4",
    "SourceSerif4-Italic[opsz,wght].ttf",
    "15fbc7e4679489a501998c3669272637a6646388ef7e4bd77eebb5bf967a1f42",
)
RARE: Final = Face(
    "Noto Serif",
    "fontpkg_noto_serif",
    "NotoSerif[wdth,wght].ttf",
    "4d8e6761424656867019081a1a01336f3cb086982682698714054fc33f782713",
)
HEBREW: Final = Face(
    "Frank Ruhl Libre",
    "fontpkg_frank_ruhl_libre",
    "FrankRuhlLibre[wght].ttf",
    "f9bf26966681037aae894b031bd0dcf2c1bfdfa128dd0640cf276fe62a338a43",
    covers="[^A-Za-z\u00c0-\u024f\u0370-\u052f\u1e00-\u1fff]",
)
ARABIC: Final = Face(
    "Amiri",
    "fontpkg_amiri",
    "Amiri-Regular.ttf",
    "ab391c4147d054c48976e98322ad0eefe1427aa0e0502a12a4c75d80a70cfcd7",
    covers="[^A-Za-z\u00c0-\u024f\u0370-\u052f\u0590-\u05ff\u1e00-\u1fff]",
)
ARABIC_BOLD: Final = Face(
    "Amiri", "fontpkg_amiri", "Amiri-Bold.ttf", "cfccb794268e7d573d857e6d6a67f89cf8a053e8ffd85dfa0c8ec1bb36fc4827"
)
CJK: Final = Face(
    "Noto Serif CJK",
    "",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "a04178ec485dffdff7cc0c0c20e1fce9202d7e2160d805e8e44a4c8841c58481",
    debian="fonts-noto-cjk=1:20220127+repack1-1",
    also=(("5d9c31a059600193c9d7968a998bde886ccdc77e934006ad243b41794c496a7d", "Debian 13's 1:20240730+repack1-1"),),
)
CJK_BOLD: Final = Face(
    "Noto Serif CJK",
    "",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "a5d4b046c127da3d7c72f98b46c41489cd29bf52abfdf18aba920903e920d4ac",
    debian="fonts-noto-cjk=1:20220127+repack1-1",
    also=(("1505ee3b9c0890fae6302ee0e9c6fd74d690f4a55a6ace1d9944f3f6352d622d", "Debian 13's 1:20240730+repack1-1"),),
)
PINNED: Final = (SERIF, SERIF_ITALIC, RARE, HEBREW, ARABIC, ARABIC_BOLD, CJK, CJK_BOLD)
CJK_FAMILY: Final = {"ja": ("Noto Serif CJK JP", 0), "ko": ("Noto Serif CJK KR", 1), "zh": ("Noto Serif CJK SC", 2)}
"""The same ideograph is drawn as the page's language draws it: the family, and its number in the file."""


@cache
def path_of(face: Face) -> Path:
    """Where ``face`` is installed. Raises FontError, naming the package to install."""
    if face.debian:
        path = Path(face.file)
        if not path.is_file():
            raise FontError(f"{face.family} is not installed: apt-get install {face.debian.partition('=')[0]}")
        return path
    spec = importlib.util.find_spec(face.package)
    if spec is None or not spec.submodule_search_locations:
        raise FontError(f"{face.family} is not installed: pip install {face.package.replace('_', '-')}")
    return Path(spec.submodule_search_locations[0]) / "files" / face.file


@cache
def digest_of(face: Face) -> str:
    """The SHA-256 of the file, in hex. Raises FontError unless it is the pinned one, or another edition that does."""
    try:
        with path_of(face).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FontError(f"{face.family}: {face.file} cannot be read") from error
    if found != face.sha256 and found not in dict(face.also):
        wanted = "".join(f" or {place}" for _, place in face.also)
        wanted = f" (Debian 12's {face.debian}{wanted})" if face.debian else ""
        raise FontError(f"{face.file} is not the pinned file{wanted}: its SHA-256 is {found}, pinned is {face.sha256}")
    return found


def is_cjk(character: str) -> bool:
    """Whether ``character`` is an ideograph, kana, hangul or their punctuation."""
    point = ord(character)
    return (
        0x2E80 <= point <= 0x9FFF
        or 0xAC00 <= point <= 0xD7AF
        or 0xF900 <= point <= 0xFAFF
        or (0xFF00 <= point <= 0xFFEF or 0x20000 <= point <= 0x3FFFF or 0x1100 <= point <= 0x11FF)
    )
