"""Grapheme clusters (a letter with its marks, UAX 29) and segmentation of a text into words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

IGNORED: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default-ignorable code points (UAX 44): they paint nothing, so a font need not have them."""
FILLERS: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
"""Fillers: default-ignorable code points that Unicode classes as letters or marks, with no effect on shaping. They are
not printed."""
_JOINER: Final = "\u200d"


def clusters_of(text: str) -> list[str]:
    """``text`` split into grapheme clusters.

    A combining mark extends its letter; a joiner or variation selector what it follows; a character the joiner before
    it; a skin tone its emoji; a second regional indicator the first; a vowel or final jamo its syllable.
    """
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _extends_cluster(character, found[-1]):
            found[-1] += character
        else:
            found.append(character)
    return found


def _extends_cluster(character: str, before: str) -> bool:
    point = ord(character)
    if unicodedata.category(character)[0] == "M" or point in (0x200C, 0x200D) or 0xE0020 <= point <= 0xE007F:
        return True
    if 0x1F3FB <= point <= 0x1F3FF:
        return True
    last = before[-1]
    if last == _JOINER and unicodedata.category(character) == "So":
        return True
    if 0x1F1E6 <= point <= 0x1F1FF:
        return len(before) == 1 and 0x1F1E6 <= ord(before) <= 0x1F1FF
    return (0x1160 <= point <= 0x11FF or 0xD7B0 <= point <= 0xD7FF) and (
        0x1100 <= ord(last) <= 0x11FF or 0xA960 <= ord(last) <= 0xA97F or 0xAC00 <= ord(last) <= 0xD7FF
    )


def seen(text: str) -> str:
    """``text`` without invisible characters: spaces, joiners, selectors, isolates and so on."""
    return "".join(c for c in IGNORED.sub("", text) if unicodedata.category(c) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def words_in(text: str) -> list[str]:
    """``text`` split into runs of letters with their marks, and single other characters."""
    found: list[str] = []
    open_word = False
    for cluster in clusters_of(text):
        letter = unicodedata.category(cluster[0])[0] == "L"
        if open_word and letter:
            found[-1] += cluster
        else:
            found.append(cluster)
        open_word = letter
    return found
