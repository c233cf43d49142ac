"""Names as text: what a name, a title and initials may consist of (protocol.md section 5).

Two rules. ``check_sealed`` is part of the protocol: whether an opened name counts as well formed may not depend on a
library's Unicode version, so it speaks of fixed code points only. ``check_name`` and ``check_initials`` are for intake
(a roll, a form), where stricter rules help: the person is there and can correct it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .assigned import first_unassigned
from .errors import MalformedError

MAX_NAME: Final = 120
"""Code points of a name or title."""
MAX_INITIALS: Final = 12
MAX_MARKS: Final = 4
"""Combining marks on one letter: Vietnamese and vocalised Hebrew need three; piles of them overprint neighbours."""

# Controls, soft hyphen, bidirectional marks and overrides, zero-width and invisible characters, line and paragraph
# separators, private use, tags. U+200C and U+200D stay: they decide spelling in Persian and Indic scripts.
_NEVER: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ue000-\uf8ff\U000e0000-\U0010ffff]"
)
# What initials may not hold: ASCII other than letters, space, full stop and hyphen.
_NOT_INITIALS: Final = re.compile("[!-,/-@\\[-`{-~]")
# Of other signs, what people put between initials: stops and hyphens of several scripts, geresh and gershayim.
_BETWEEN_INITIALS: Final = frozenset(" .-\u00a0\u202f\u00b7\u05be\u05f3\u05f4\u2010\u2011\u2019\u30fb\u3002\uff0e")
# What comes along when text is pasted, and shows nothing: soft hyphen, direction marks, zero-width space, word joiner,
# byte order mark. Embeddings and overrides are not among them: without those a name could look another.
_PASTED: Final = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff]")
_REFUSED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def drop_pasted(text: str) -> str:
    """``text`` without the invisible marks that pasting brings along. U+200C and U+200D stay: they decide spelling."""
    return _PASTED.sub("", text)


def has_invisible(text: str) -> bool:
    """Whether ``text`` holds an invisible character that no name may hold."""
    return _NEVER.search(text) is not None


def check_sealed(text: str, limit: int = MAX_NAME) -> None:
    """Raises MalformedError unless ``text`` is well formed as an opened name, title or initials."""
    if len(text) > limit:
        raise MalformedError(f"a name is longer than {limit} characters")
    if _NEVER.search(text):
        raise MalformedError("a name holds a control, format or private-use character")
    if text != text.strip(" ") or "  " in text:
        raise MalformedError("a name has stray spaces")


def check_sealed_initials(text: str) -> None:
    """Raises MalformedError unless ``text`` is well formed as opened initials, which are not empty."""
    check_sealed(text, MAX_INITIALS)
    if not text or _NOT_INITIALS.search(text):
        raise MalformedError("initials hold only letters, spaces, full stops and hyphens")


def check_assigned(text: str) -> None:
    """Raises MalformedError if ``text`` holds a character that is newer than Unicode 14.0, or is none."""
    newer = first_unassigned(text)
    if newer:
        raise MalformedError(
            f"it holds {newer}, which Unicode 14.0 does not know: not every computer reads it the same way"
        )


def check_name(text: str) -> None:
    """Raises MalformedError unless ``text`` can be taken in as a name or title: not empty, in NFC, with a letter."""
    check_sealed(text)
    check_assigned(text)
    if not unicodedata.is_normalized("NFC", text):
        raise MalformedError("a name is not in Unicode normal form C")
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _REFUSED and character not in "\u200c\u200d":
            raise MalformedError("a name holds a control, format or unassigned character")
        if category == "Zs" and character not in " \u00a0\u202f":
            raise MalformedError("a name holds an unusual space")
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            raise MalformedError("a name piles up combining marks")
    if not any(unicodedata.category(character)[0] == "L" for character in text):
        raise MalformedError("a name holds no letter")


def check_initials(text: str) -> None:
    """Raises MalformedError unless ``text`` can be taken in as initials."""
    check_name(text)
    check_sealed_initials(text)
    if not all(unicodedata.category(one)[0] in "LM" or one in _BETWEEN_INITIALS for one in text):
        raise MalformedError("initials hold only letters, spaces, full stops and hyphens")
