"""What becomes of a sign that no face here shows: one name never stops the others, and none loses a letter unsaid.

A letter is never left out of a name: a name without its letters is another name. So a name that cannot be set whole is
*set aside*: it is counted, the page says that one more stands at the address, and the report says who. Left out are
only signs that are no letters (an emoji, an ornament) and marks on a letter that no face has together; a sign that
Unicode itself spells with others (a Roman numeral, a full-width letter) is spelt so. Every such change is reported.

Per person the organiser may decide otherwise, by the key that the report gives: ``overrides``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec
from fontTools import unicodedata as scripts

from .clusters import HOLLOW, clusters_of, seen
from .errors import MissingGlyphError, OrderError, ReadBackError
from .fonts import is_cjk
from .names import UNSEEN, Entry, entries_of, printable
from .order import MISSING, Checked, PageOrder
from .report import Mended
from .stack import Stack, name_of, stack_for

Override = str | Mapping[str, str]
"""One of MISSING, or {"name": how the person writes it in signs we have, "title": likewise}."""


def overrides_from(data: bytes) -> dict[str, Override]:
    """Decisions for single names, from JSON: a key of the edition to an Override. Raises OrderError."""
    try:
        found = msgspec.json.decode(data, type=dict[str, str | dict[str, str]])
    except msgspec.MsgspecError as error:
        raise OrderError(f"the file of decisions is not a JSON object of keys: {error}") from None
    for key, chosen in found.items():
        if isinstance(chosen, str) and chosen not in MISSING:
            raise OrderError(f"{key}: {chosen!r} is none of {', '.join(MISSING)}, nor an object with a name")
        if isinstance(chosen, dict) and (not chosen.get("name", "").strip() or set(chosen) - {"name", "title"}):
            raise OrderError(f"{key}: a decision is one of {', '.join(MISSING)}, or an object with name and title")
    return dict(found)


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text as it can be set. ``changes``: what was done, in words; ``letters``: signs lost that are letters."""

    text: str
    changes: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()


def spell(stack: Stack, text: str) -> Spelt:
    """``text`` with every cluster that no face shows spelt otherwise, or left out."""
    changes = dict.fromkeys(f"{_told(filler)} left out" for filler in HOLLOW.findall(text))
    if changes:
        text = unicodedata.normalize("NFC", HOLLOW.sub("", text))
    lost = stack.missing(text)
    if not lost:
        return Spelt(text, tuple(changes))
    letters: list[str] = []
    kept: list[str] = []
    gone = set(lost)
    for cluster in clusters_of(text):
        if cluster not in gone:
            kept.append(cluster)
            continue
        other = _otherwise(stack, cluster)
        kept.append(other)
        if other:
            changes[f"{_told(cluster)} printed as {other}"] = None
        elif unicodedata.category(cluster[0])[0] in "LN":
            letters.append(cluster)
        else:
            changes[f"{_told(cluster)} left out"] = None
    return Spelt(" ".join("".join(kept).split()), tuple(changes), tuple(letters))


def not_shown(text: str, lang: str, way: str = "r") -> list[str]:
    """The letters and digits of ``text``, with their marks, that no face of a page in ``lang`` shows whole.

    Signs, such as emoji, are none; nor is what Unicode itself spells with others that we have. Raises FontError.
    """
    stack = stack_for(lang, [text])
    found = []
    for cluster in stack.missing(text, way):
        letter = any(unicodedata.category(character)[0] in "LN" for character in cluster)
        spelt = unicodedata.normalize("NFKC", cluster)
        if letter and (not seen(spelt) or stack.missing(spelt, way)):
            found.append(cluster)
    return list(dict.fromkeys(found))


def _otherwise(stack: Stack, cluster: str) -> str:
    """Other signs for ``cluster`` that our faces show: as Unicode spells it, its letter with fewer marks, or none."""
    spelt = unicodedata.normalize("NFKC", cluster)
    if spelt != cluster and seen(spelt) and not stack.missing(spelt):
        return spelt
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


class Settler:
    """Settles entry by entry, and remembers what was done. ``aside``: how many were set aside."""

    def __init__(
        self, stack: Stack, policy: str, overrides: Mapping[str, Override], doubted: Mapping[str, str]
    ) -> None:
        self.aside = 0
        self._doubted = doubted
        self.changes: list[Mended] = []
        self._stack = stack
        self._policy = policy
        self._overrides = overrides
        self._used: set[str] = set()

    def __call__(self, entry: Entry) -> Entry | None:
        """``entry`` as it is printed, or None: set aside. Raises MissingGlyphError, OrderError."""
        if entry.key in self._doubted:
            self._aside(entry, f"set aside: {self._doubted[entry.key]}")
            return None
        if entry.mended == UNSEEN and not isinstance(self._overrides.get(entry.key), Mapping):
            self._aside(entry, "set aside: nothing of it can be seen")
            return None
        name, title = spell(self._stack, entry.name), spell(self._stack, entry.title)
        chosen = self._overrides.get(entry.key)
        self._used.add(entry.key)
        if not (name.changes or name.letters or title.changes or title.letters):
            if chosen == "set-aside":
                self._aside(entry, "set aside: as decided for this name")
                return None
            if isinstance(chosen, Mapping):
                raise OrderError(f"{entry.name!r} can be set as it was signed: no other spelling of it is printed")
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
        self.changes.append(Mended(entry.key, "", why, whole(entry.name, entry.title)))

    def _given(self, entry: Entry, chosen: Mapping[str, str], signed: str) -> Entry:
        name, title = printable(chosen["name"])[0], printable(chosen.get("title", ""))[0]
        for text in (name, title):
            for cluster in self._stack.missing(text):
                raise OrderError(f"{text!r}, given for {signed!r}, has {_told(cluster)}, which no typeface here shows")
        if not seen(name):
            raise OrderError(f"nothing is left of the name given for {signed!r}")
        return self._printed(replace(entry, name=name, title=title), "printed as the organiser gave it", signed)

    def _printed(self, entry: Entry, why: str, signed: str) -> Entry:
        self.changes.append(Mended(entry.key, whole(entry.name, entry.title), why, signed))
        return entry

    def finish(self) -> tuple[Mended, ...]:
        """What was done, in the order of the edition. Raises OrderError for a decision about nobody."""
        for key in sorted(set(self._overrides) - self._used):
            raise OrderError(f"the file of decisions names {key!r}, and the edition holds nobody with that key")
        return tuple(self.changes)


def whole(name: str, title: str) -> str:
    """Both, as a report says them."""
    return f"{name}, {title}" if title else name


def _readable(text: str) -> bool:
    return any(unicodedata.category(c)[0] in "LN" for c in text)


@dataclass(frozen=True, slots=True)
class Settled:
    """An order as our faces can set it: its texts, its entries in order, how many were set aside, every change."""

    checked: Checked
    stack: Stack
    entries: tuple[Entry, ...]
    aside: int
    changes: tuple[Mended, ...]


def settle(checked: Checked, doubted: Mapping[str, str] | None = None) -> Settled:
    """Chooses the faces, and decides of every sign none of them shows.

    ``doubted``: entries of which the proof has refused a page, with what it said. Raises MissingGlyphError, OrderError,
    FontError.
    """
    order, roll = checked.order, checked.edition.roll
    names = [text for row in roll for text in (row.name, row.title)]
    stack = stack_for(order.lang, [*texts_of(order), *names])
    order, changes = settle_texts(stack, order)
    settler = Settler(stack, order.missing, order.overrides, doubted or {})
    entries = entries_of(checked.edition, order.groups, order.lang, titles=order.titles, settle=settler)
    signed = {row.key: whole(row.name, row.title) for row in roll}
    mended = [
        Mended(e.key, whole(e.name, e.title), f"taken out: {e.mended}", signed[e.key])
        for e in entries
        if e.mended and e.mended != UNSEEN
    ]
    made = replace(checked, order=order)
    return Settled(made, stack, tuple(entries), settler.aside, (*changes, *settler.finish(), *mended))


Made = TypeVar("Made")
DOUBTED: Final = "what was painted could not be proved"
DOUBTS: Final = 8
"""Names that one page may lose to the proof before it is refused."""


def without_doubt(checked: Checked, make: Callable[[Settled], Made]) -> Made:
    """What ``make`` makes of the order. A name of which the proof refuses the page is set aside, and it is made again.

    After ``DOUBTS`` of them, or where nothing tells whose fault it is, every name that is not ``plain`` is set aside.
    Raises what ``make`` raises; ReadBackError if the order says "refuse", or if the page is refused even then.
    """
    doubted: dict[str, str] = {}
    last = False
    while True:
        settled = settle(checked, doubted)
        try:
            return make(settled)
        except ReadBackError as error:
            if checked.order.missing == "refuse" or last:
                raise
            blamed = _blamed(error, settled.entries, checked.order.lang)
            if blamed is not None and len(doubted) < DOUBTS:
                doubted[blamed.key] = f"{DOUBTED} ({error})"
                continue
            # Not one name more or less: all that are not in the page's own letters, once, and then no page.
            last = True
            more = [entry for entry in settled.entries if not plain(entry, checked.order.lang)]
            if blamed is not None and plain(blamed, checked.order.lang):
                more.append(blamed)
            if not more:
                raise
            why = f"{DOUBTED}, and nothing told which of the names in other letters it was ({error})"
            doubted |= dict.fromkeys((entry.key for entry in more), why)


def _blamed(error: ReadBackError, entries: Sequence[Entry], lang: str) -> Entry | None:
    """Whose fault it is: as the proof says; where it could not tell, the least ordinary name on the line."""
    places = [place for place in error.among if 0 <= place < len(entries)]
    at = error.position
    if at is not None and 0 <= at < len(entries) and not plain(entries[at], lang):
        return entries[at]
    odd = next((place for place in places if not plain(entries[place], lang)), at)
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


def plain(entry: Entry, lang: str) -> bool:
    """Whether name and title are in the letters of a page in ``lang``, their marks, and the commonest signs."""
    own = _SCRIPTS.get(lang.split("-")[0], frozenset({"Latn"}))
    for character in entry.name + entry.title:
        if character in " '-.,()\u2019\u05f3\u05f4\u30fc":
            continue
        script = scripts.script(character)
        if script not in own and not (script == "Zinh" and unicodedata.category(character) == "Mn"):
            return False
    return True


def texts_of(order: PageOrder) -> Iterator[str]:
    """Everything in an order that somebody wrote, but for the names."""
    yield from (order.title, order.text, order.imprint, order.address)
    yield from order.groups.values()
    if order.beside is not None:
        yield from (order.beside.title, order.beside.text)


def settle_texts(stack: Stack, order: PageOrder) -> tuple[PageOrder, tuple[Mended, ...]]:
    """The order with headline, letter, groups and imprint as they can be set, and what was changed.

    Raises MissingGlyphError if ``order.missing`` is "refuse", and for what cannot go: letters of any of them.
    """
    changes: list[Mended] = []

    def settled(what: str, text: str) -> str:
        lines = [spell(stack, line) for line in text.split("\n")]
        if not any(line.changes or line.letters for line in lines):
            return text
        lost = [cluster for line in lines for cluster in line.letters]
        if lost or (order.missing == "refuse" and stack.missing(text)):
            first = lost[0] if lost else stack.missing(text)[0]
            raise MissingGlyphError(first[0], name_of(first), f"{what}: {text[:60]}")
        why = ", ".join(dict.fromkeys(change for line in lines for change in line.changes))
        changes.append(Mended("", what, why, ""))
        # A line of Markdown that needs no change keeps its spaces.
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
