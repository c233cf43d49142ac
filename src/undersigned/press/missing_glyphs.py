"""Names with characters that no font has: they are set aside and counted, and never stop the other names.

No letter is left out of a name: without its letters it would be a different name. So a name that cannot be typeset
whole is *set aside*: it is counted, the page says that one more is at the address, and the report says which. Only
characters that are no letters (emoji, ornaments) and marks that no face combines with their letter are left out. A
character with a Unicode compatibility decomposition (a Roman numeral, a full-width letter) is replaced by it. Every
change is reported.

The organiser may decide otherwise for single names, by the key in the report: ``overrides``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec
from fontTools import unicodedata as scripts

from .clusters import FILLERS, clusters_of, seen
from .errors import MissingGlyphError, OrderError, ReadBackError
from .fonts import is_cjk
from .names import ALL_REMOVED, Entry, entries_of, printable
from .order import MISSING, Checked, PageOrder
from .report import Alteration
from .stack import Stack, name_of, stack_for

Override = str | Mapping[str, str]
"""One of MISSING, or {"name": a spelling that the person uses and our fonts have, "title": likewise}."""


def overrides_from(data: bytes) -> dict[str, Override]:
    """Parses the decisions for single names, a JSON object of edition key to Override. Raises OrderError."""
    try:
        found = msgspec.json.decode(data, type=dict[str, str | dict[str, str]])
    except msgspec.MsgspecError as error:
        raise OrderError(f"the file of decisions is not a JSON object of keys: {error}") from None
    for key, chosen in found.items():
        if isinstance(chosen, str) and chosen not in MISSING:
            raise OrderError(f"{key}: {chosen!r} is not one of {', '.join(MISSING)}, nor an object with a name")
        if isinstance(chosen, dict) and (not chosen.get("name", "").strip() or set(chosen) - {"name", "title"}):
            raise OrderError(f"{key}: a decision is one of {', '.join(MISSING)}, or an object with name and title")
    return dict(found)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A text as it can be typeset. ``changes``: what was changed, in words; ``letters``: letters that were lost."""

    text: str
    changes: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()


def replace_missing_glyphs(stack: Stack, text: str) -> Replacement:
    """``text`` with every cluster that no face has replaced by its decomposition, or left out."""
    changes = dict.fromkeys(f"{_told(filler)} left out" for filler in FILLERS.findall(text))
    if changes:
        text = unicodedata.normalize("NFC", FILLERS.sub("", text))
    lost = stack.missing(text)
    if not lost:
        return Replacement(text, tuple(changes))
    letters: list[str] = []
    kept: list[str] = []
    gone = set(lost)
    for cluster in clusters_of(text):
        if cluster not in gone:
            kept.append(cluster)
            continue
        other = _decompose(stack, cluster)
        kept.append(other)
        if other:
            changes[f"{_told(cluster)} printed as {other}"] = None
        elif unicodedata.category(cluster[0])[0] in "LN":
            letters.append(cluster)
        else:
            changes[f"{_told(cluster)} left out"] = None
    return Replacement(" ".join("".join(kept).split()), tuple(changes), tuple(letters))


def find_missing_glyphs(text: str, lang: str, way: str = "r") -> list[str]:
    """The letters and digits of ``text``, with their marks, that no face of a page in ``lang`` can show whole.

    Emoji and other symbols do not count, nor do characters with a decomposition that we have. Raises FontError.
    """
    stack = stack_for(lang, [text])
    found = []
    for cluster in stack.missing(text, way):
        letter = any(unicodedata.category(character)[0] in "LN" for character in cluster)
        replaced = unicodedata.normalize("NFKC", cluster)
        if letter and (not seen(replaced) or stack.missing(replaced, way)):
            found.append(cluster)
    return list(dict.fromkeys(found))


def _decompose(stack: Stack, cluster: str) -> str:
    """A replacement for ``cluster`` that our faces have: its Unicode decomposition, fewer marks, or ""."""
    replaced = unicodedata.normalize("NFKC", cluster)
    if replaced != cluster and seen(replaced) and not stack.missing(replaced):
        return replaced
    if unicodedata.category(cluster[0])[0] != "L":
        return ""
    letters = unicodedata.normalize("NFD", cluster)
    for end in range(len(letters) - 1, 0, -1):
        fewer = unicodedata.normalize("NFC", letters[:end])
        if seen(fewer) and not stack.missing(fewer):
            return fewer
    return ""


def _told(cluster: str) -> str:
    points = " ".join(f"U+{ord(c):04X}" for c in cluster)
    return f"{cluster} ({points} {name_of(cluster)})"


class NameFilter:
    """Decides entry by entry how a name is printed, and collects the changes. ``aside``: how many were set aside."""

    def __init__(self, stack: Stack, policy: str, overrides: Mapping[str, Override], failed: Mapping[str, str]) -> None:
        self.aside = 0
        self._doubted = failed
        self.changes: list[Alteration] = []
        self._stack = stack
        self._policy = policy
        self._overrides = overrides
        self._used: set[str] = set()

    def __call__(self, entry: Entry) -> Entry | None:
        """``entry`` as it is printed, or None if it is set aside. Raises MissingGlyphError, OrderError."""
        if entry.key in self._doubted:
            self._aside(entry, f"set aside: {self._doubted[entry.key]}")
            return None
        if entry.mended == ALL_REMOVED and not isinstance(self._overrides.get(entry.key), Mapping):
            self._aside(entry, "set aside: it has no visible character")
            return None
        name, title = replace_missing_glyphs(self._stack, entry.name), replace_missing_glyphs(self._stack, entry.title)
        chosen = self._overrides.get(entry.key)
        self._used.add(entry.key)
        if not (name.changes or name.letters or title.changes or title.letters):
            if chosen == "set-aside":
                self._aside(entry, "set aside: as decided for this name")
                return None
            if isinstance(chosen, Mapping):
                raise OrderError(f"{entry.name!r} can be typeset as it was signed, so it is not printed differently")
            return entry
        signed = whole(entry.name, entry.title)
        if isinstance(chosen, Mapping):
            return self._given(entry, chosen, signed)
        policy = chosen or self._policy
        lost = [*name.letters, *title.letters]
        why = ", ".join([*name.changes, *title.changes, *(f"{_told(c)} has no typeface here" for c in lost[:3])])
        if lost and any(is_cjk(cluster[0]) for cluster in lost) and self._stack.lost:
            why += f" ({'; '.join(self._stack.lost)})"
        if policy == "refuse":
            first = next(c for text in (entry.name, entry.title) for c in self._stack.missing(text))
            raise MissingGlyphError(first[0], name_of(first), signed)
        if policy == "set-aside" or name.letters or not _readable(name.text):
            self._aside(entry, f"set aside: {why}")
            return None
        if title.letters:
            why = ", ".join([*name.changes, f"the title left out: {_told(title.letters[0])} has no typeface here"])
        left = replace(entry, name=name.text, title="" if title.letters else title.text)
        return self._printed(left, why, signed)

    def _aside(self, entry: Entry, why: str) -> None:
        self.aside += 1
        self._used.add(entry.key)
        self.changes.append(Alteration(entry.key, "", why, whole(entry.name, entry.title)))

    def _given(self, entry: Entry, chosen: Mapping[str, str], signed: str) -> Entry:
        name, title = printable(chosen["name"])[0], printable(chosen.get("title", ""))[0]
        for text in (name, title):
            for cluster in self._stack.missing(text):
                raise OrderError(f"{text!r}, given for {signed!r}, has {_told(cluster)}, which no typeface here shows")
        if not seen(name):
            raise OrderError(f"the name given for {signed!r} has no printable character")
        return self._printed(replace(entry, name=name, title=title), "printed as the organiser gave it", signed)

    def _printed(self, entry: Entry, why: str, signed: str) -> Entry:
        self.changes.append(Alteration(entry.key, whole(entry.name, entry.title), why, signed))
        return entry

    def finish(self) -> tuple[Alteration, ...]:
        """All changes, in the edition's order. Raises OrderError for a decision about a key that is not in it."""
        for key in sorted(set(self._overrides) - self._used):
            raise OrderError(f"the file of decisions names {key!r}, and the edition has no entry with that key")
        return tuple(self.changes)


def whole(name: str, title: str) -> str:
    """Name and title in one string, as in the report."""
    return f"{name}, {title}" if title else name


def _readable(text: str) -> bool:
    return any(unicodedata.category(c)[0] in "LN" for c in text)


@dataclass(frozen=True, slots=True)
class PrintableOrder:
    """An order that our faces can typeset: texts, entries in order, how many were set aside, all changes."""

    checked: Checked
    stack: Stack
    entries: tuple[Entry, ...]
    aside: int
    changes: tuple[Alteration, ...]


def make_printable(checked: Checked, failed: Mapping[str, str] | None = None) -> PrintableOrder:
    """Chooses the faces, and decides about every character that none of them has.

    ``failed``: entries for which the proof has rejected a page, with its message. Raises MissingGlyphError,
    OrderError, FontError.
    """
    order, roll = checked.order, checked.edition.roll
    names = [text for row in roll for text in (row.name, row.title)]
    stack = stack_for(order.lang, [*texts_of(order), *names])
    order, changes = replace_missing_in_texts(stack, order)
    settler = NameFilter(stack, order.missing, order.overrides, failed or {})
    entries = entries_of(checked.edition, order.groups, order.lang, titles=order.titles, transform=settler)
    signed = {row.key: whole(row.name, row.title) for row in roll}
    mended = [
        Alteration(e.key, whole(e.name, e.title), f"taken out: {e.mended}", signed[e.key])
        for e in entries
        if e.mended and e.mended != ALL_REMOVED
    ]
    made = replace(checked, order=order)
    return PrintableOrder(made, stack, tuple(entries), settler.aside, (*changes, *settler.finish(), *mended))


Made = TypeVar("Made")
PROOF_FAILED: Final = "what was painted could not be proved"
MAX_RETRIES: Final = 8
"""How many names are set aside one by one after failed proofs, before all unusual ones are."""


def make_without_failing_names(checked: Checked, make: Callable[[PrintableOrder], Made]) -> Made:
    """Calls ``make``; if the proof rejects the page because of a name, sets that name aside and tries again.

    After ``MAX_RETRIES`` retries, or when the name cannot be determined, every name with characters outside the page's
    script is set aside.
    Raises what ``make`` raises; ReadBackError if the order says "refuse", or if the page is rejected even then.
    """
    failed: dict[str, str] = {}
    last = False
    while True:
        settled = make_printable(checked, failed)
        try:
            return make(settled)
        except ReadBackError as error:
            if checked.order.missing == "refuse" or last:
                raise
            blamed = _entry_at_fault(error, settled.entries, checked.order.lang)
            if blamed is not None and len(failed) < MAX_RETRIES:
                failed[blamed.key] = f"{PROOF_FAILED} ({error})"
                continue
            # Too many retries: once, without all names outside the page's own script. If that fails too, give up.
            last = True
            more = [entry for entry in settled.entries if not is_in_page_script(entry, checked.order.lang)]
            if blamed is not None and is_in_page_script(blamed, checked.order.lang):
                more.append(blamed)
            if not more:
                raise
            why = f"{PROOF_FAILED}, and it was not clear which of the names in other scripts caused it ({error})"
            failed |= dict.fromkeys((entry.key for entry in more), why)


def _entry_at_fault(error: ReadBackError, entries: Sequence[Entry], lang: str) -> Entry | None:
    """The entry that caused the error: as the proof says, else the most unusual name on the line."""
    places = [place for place in error.among if 0 <= place < len(entries)]
    at = error.position
    if at is not None and 0 <= at < len(entries) and not is_in_page_script(entries[at], lang):
        return entries[at]
    odd = next((place for place in places if not is_in_page_script(entries[place], lang)), at)
    return entries[odd] if odd is not None and 0 <= odd < len(entries) else None


_SCRIPTS: Final = {
    **dict.fromkeys(("ar", "fa", "ur", "ckb", "ps", "sd", "ug"), frozenset({"Arab"})),
    **dict.fromkeys(("he", "yi"), frozenset({"Hebr"})),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr"), frozenset({"Cyrl"})),
    "el": frozenset({"Grek"}),
    "ja": frozenset({"Hani", "Hira", "Kana"}),
    "zh": frozenset({"Hani", "Bopo"}),
    "ko": frozenset({"Hang", "Hani"}),
}


def is_in_page_script(entry: Entry, lang: str) -> bool:
    """Whether name and title consist of the script of a page in ``lang``, its marks, and common punctuation."""
    own = _SCRIPTS.get(lang.split("-")[0], frozenset({"Latn"}))
    for character in entry.name + entry.title:
        if character in " '-.,()\u2019\u05f3\u05f4\u30fc":
            continue
        script = scripts.script(character)
        if script not in own and not (script == "Zinh" and unicodedata.category(character) == "Mn"):
            return False
    return True


def texts_of(order: PageOrder) -> Iterator[str]:
    """All texts in an order except the names."""
    yield from (order.title, order.text, order.imprint, order.address)
    yield from order.groups.values()
    if order.beside is not None:
        yield from (order.beside.title, order.beside.text)


def replace_missing_in_texts(stack: Stack, order: PageOrder) -> tuple[PageOrder, tuple[Alteration, ...]]:
    """The order with headline, letter, groups and imprint as they can be typeset, and what was changed.

    Raises MissingGlyphError if ``order.missing`` is "refuse", and for any lost letter: these texts lose none.
    """
    changes: list[Alteration] = []

    def settled(what: str, text: str) -> str:
        lines = [replace_missing_glyphs(stack, line) for line in text.split("\n")]
        if not any(line.changes or line.letters for line in lines):
            return text
        lost = [cluster for line in lines for cluster in line.letters]
        if lost or (order.missing == "refuse" and stack.missing(text)):
            first = lost[0] if lost else stack.missing(text)[0]
            raise MissingGlyphError(first[0], name_of(first), f"{what}: {text[:60]}")
        why = ", ".join(dict.fromkeys(change for line in lines for change in line.changes))
        changes.append(Alteration("", what, why, ""))
        # Keep an unchanged line as it is: re-joining its words would change its spaces, which Markdown reads.
        return "\n".join(line.text if line.changes else was for line, was in zip(lines, text.split("\n"), strict=True))

    beside: Any = order.beside
    if beside is not None:
        beside = replace(beside, title=settled("headline", beside.title), text=settled("letter", beside.text))
    made = replace(
        order,
        title=settled("headline", order.title),
        text=settled("letter", order.text),
        imprint=settled("imprint", order.imprint),
        address=settled("address", order.address),
        groups={key: settled("group", name) for key, name in order.groups.items()},
        beside=beside,
    )
    if not made.title.strip() or not made.text.strip():
        raise MissingGlyphError(order.title[0], name_of(order.title[0]), order.title)
    return made, tuple(changes)
