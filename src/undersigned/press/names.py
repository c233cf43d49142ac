"""Names on a page: sort order, direction and line-break opportunities; and removal of unprintable characters.

An edition is sorted by key; a page shows names group by group, in the collation order of its language
(``languages.order``), initials among them. A name whose direction differs from the page's is wrapped in an isolate
(U+2066..U+2069), so that neither its neighbours nor the comma before its title are reorder.

Names that came through our intake are safe to print, but an edition may come from another server. ``printable`` removes
what cannot be printed (controls, bidirectional overrides, a fifth mark on one letter), and the report names the entry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from fontTools import unicodedata as scripts

from undersigned.languages.order import sorter
from undersigned.protocol.edition import Edition

from .clusters import FILLERS, seen
from .fonts import is_cjk

Direction = Literal["ltr", "rtl"]

RTL_LANGUAGES: Final = frozenset({"ar", "he", "fa", "ur", "yi", "ckb", "ps", "sd", "ug", "dv"})
MAX_MARKS: Final = 4
NOT_FIRST: Final = frozenset("、。，．・：；？！）］｝」』】〉》〕ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々")
NOT_LAST: Final = frozenset("（［｛「『【〈《〔")
NAMELESS: Final = "\u2014"
"""Printed for an entry without a printable character: that signatory is counted too."""
ALL_REMOVED: Final = "everything: nothing of it can be seen"
"""The removal recorded for a name of which nothing is left."""
LONG_WORD: Final = 20
"""A word with this many letters and no break opportunity may be broken anywhere, rather than overrun the page."""
_STRONG: Final = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_SPACES: Final = re.compile(r"[\s\u200b\u2028\u2029]+")
_ENCLOSING: Final = re.compile("[\u0488\u0489\u1abe\u20dd-\u20e4\ua670-\ua672]")
_COMMON_MARKS: Final = frozenset(map(chr, range(0x300, 0x363))) - {"\u0342", "\u0345"}
"""Accents that any letter may take. Unicode's Script_Extensions list only the scripts in which each has been seen."""
_KEPT: Final = "\u200c\u200d"
_BREAK_AFTER: Final = re.compile("(?<=[\\w\u05be][-\u2010\u05be/])(?=\\w)|(?<=\u05be)")
_CLUSTER: Final = re.compile("(?s).[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0670\u200c\u200d]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One signatory as printed. ``mended``: what was removed to make the name printable, or ""."""

    key: str
    group: str
    name: str
    title: str
    mended: str


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text without a break opportunity inside.

    ``glue``: what joins it to the word before: ``" "`` a breaking space, ``""`` a break without a space, ``"~"`` a
    no-break space, ``"+"`` no space and no break, ``"!"`` an emergency break, used only if the line is too short for
    the whole. ``owner``: index of the entry, -1 for separators and running text. ``side``: isolate, or "". ``face``:
    ``r``oman, ``i``talic, ``b``old.
    """

    text: str
    glue: str = " "
    owner: int = -1
    side: str = ""
    face: str = "r"


def direction_of(lang: str) -> Direction:
    """The direction of a page in ``lang``."""
    return "rtl" if lang.split("-")[0] in RTL_LANGUAGES else "ltr"


def own_direction(text: str) -> Direction | None:
    """The direction of the first letter that has one (UAX 9, P2), or None."""
    for character in text:
        found = _STRONG.get(unicodedata.bidirectional(character))
        if found:
            return "rtl" if found == "rtl" else "ltr"
    return None


def printable(text: str) -> tuple[str, str]:
    """``text`` in NFC without unprintable characters, and a description of what was removed ("" if nothing)."""
    if _plain(text):
        return text, ""
    problems: list[str] = []
    kept: list[str] = []
    marks, base = 0, ""
    spaced = _SPACES.sub(" ", text)
    if any(c in text for c in "\n\r\t\u2028\u2029"):
        problems.append("a line break")
    for character in unicodedata.normalize("NFC", spaced):
        category = unicodedata.category(character)
        if FILLERS.match(character) or (category in ("Cc", "Cf", "Cs", "Co", "Cn") and character not in _KEPT):
            problems.append("a control or invisible character")
            continue
        marks = marks + 1 if category in ("Mn", "Me", "Mc") else 0
        if marks and (not kept or kept[-1] == " "):
            problems.append("a combining mark without a letter")
            continue
        if marks > MAX_MARKS:
            problems.append("too many combining marks on a letter")
            continue
        if not marks:
            base = character
        elif not _is_mark_of_script(character, base):
            problems.append("a combining mark of another script than its letter")
            continue
        kept.append(character)
    # Removing characters can leave two that now compose, or two spaces in a row: normalise again.
    left = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    return left, ", ".join(dict.fromkeys(problems))


def _is_mark_of_script(mark: str, base: str) -> bool:
    """Whether ``mark`` occurs with letters of ``base``'s script (UAX 24); no face combines other pairs."""
    return mark in _COMMON_MARKS or not scripts.script_extension(mark).isdisjoint({scripts.script(base), "Zinh"})


def _plain(text: str) -> bool:
    """Whether ``text`` certainly needs no change: a fast path that nearly every name takes."""
    if not text.isprintable() or "  " in text or text != text.strip():
        return False
    if text.isascii():
        return True
    return (
        unicodedata.is_normalized("NFC", text)
        and not FILLERS.search(text)
        and not _ENCLOSING.search(text)
        and not any(map(unicodedata.combining, text))
    )


def entries_of(
    edition: Edition,
    groups: Iterable[str],
    lang: str,
    *,
    titles: bool,
    transform: Callable[[Entry], Entry | None] | None = None,
) -> list[Entry]:
    """The edition's names as printed: by group in the order of ``groups``, then in the collation order of ``lang``.

    ``transform``: returns each entry as our faces can typeset it, or None to set it aside.
    """
    sort_key = sorter(lang)
    place = {group: i for i, group in enumerate(groups)}
    rows: list[tuple[int, bytes, str, Entry]] = []
    for row in edition.roll:
        name, mended = printable(row.name)
        title, mended_title = printable(row.title) if titles else ("", "")
        title = title if seen(title) else ""
        if not seen(name):
            # No placeholder if there is a ``transform``: it sets this entry aside, and reports what was signed.
            name, mended = (NAMELESS if transform is None else row.name), ALL_REMOVED
        entry = Entry(row.key, row.group, name, title, ", ".join(filter(None, (mended, mended_title))))
        if transform is not None:
            settled = transform(entry)
            if settled is None:
                continue
            entry, name = settled, settled.name
        rows.append((place.get(row.group, len(place)), sort_key(name), row.key, entry))
    # The key breaks ties between equal names: otherwise the order would depend on how the edition was read.
    rows.sort(key=lambda row: row[:3])
    return [row[3] for row in rows]


def words_of(text: str, *, owner: int = -1, side: str = "", face: str = "r", first: str = " ") -> list[Word]:
    """``text`` split at break opportunities. ``first``: the glue before its first word."""
    words: list[Word] = []
    glue = first
    for part in text.split(" "):
        if not part:
            continue
        # No break inside a rank or after initials: "Maj. (res.)", "J. Smith".
        if words and part.startswith("(") and len(part) <= 8 and glue == " ":
            glue = "~"
        pieces = [piece for piece in _BREAK_AFTER.split(part) if piece]
        for i, piece in enumerate(pieces):
            here = glue if i == 0 else ""
            cells = _cells(piece)
            for j, cell in enumerate(cells):
                inside = _glue_between(cells[j - 1], cell) if j else here
                words.append(Word(cell, inside, owner, side, face))
        glue = "~" if len(part) == 2 and part.endswith(".") else " "
    return words


def _glue_between(before: str, cell: str) -> str:
    """Glue between two cells of a word: no line begins with a closing mark or ends with an opening one (kinsoku)."""
    if not is_cjk(cell[0]):
        return "!"
    return "+" if cell in NOT_FIRST or before in NOT_LAST else ""


def _cells(piece: str) -> list[str]:
    """The word as one cell; if it is long and has no break, as cells between which an emergency break is allowed."""
    if is_cjk(piece[0]) and len(piece) > 8:
        return list(piece)
    if len(piece) <= LONG_WORD:
        return [piece]
    clusters = _CLUSTER.findall(piece)
    return ["".join(clusters[i : i + 4]) for i in range(0, len(clusters), 4)]


def entry_words(entry: Entry, index: int, page: Direction, comma: str) -> list[Word]:
    """The words of one entry, in an isolate if its direction or its title's differs from the page's."""
    whole = own_direction(entry.name) or own_direction(entry.title) or page
    title_side = own_direction(entry.title) or whole
    mixed = _mixed(entry.name, whole) or _mixed(entry.title, title_side)
    if whole == title_side:
        side = whole if whole != page or mixed else ""
        name_side = end_side = side
    else:
        name_side = whole if whole != page or mixed else ""
        end_side = title_side if title_side != page or mixed else ""
    comma, between = comma.rstrip(" "), " " if comma.endswith(" ") else ""
    words = words_of(entry.name, owner=index, side=name_side)
    if entry.title:
        if comma:
            words.append(Word(comma, "+", index, name_side if name_side == end_side else ""))
        face = "i" if title_side == "ltr" and not any(map(is_cjk, entry.title)) else "r"
        words += words_of(entry.title, owner=index, side=end_side, face=face, first=between)
    return words


def _mixed(text: str, side: Direction) -> bool:
    other = {"ltr": ("R", "AL", "AN"), "rtl": ("L", "EN")}[side]
    return any(unicodedata.bidirectional(character) in other for character in text)
