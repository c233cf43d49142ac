"""The live list of a public letter's names: pages and search files, rewritten as the log grows.

A public letter's records are public as soon as they are in the log (``objects.jsonl``), so its pages show them too. A
withdrawal removes a name with the next round. A new name appears a few seconds later, so that a busy letter's list is
not rewritten for each signature.
"""

from __future__ import annotations

from collections import Counter

from undersigned.protocol import base64url
from undersigned.protocol import edition as editions
from undersigned.protocol.edition import Judged, name_of
from undersigned.protocol.opening import UNRESOLVED
from undersigned.protocol.roll import parse_roll
from undersigned.protocol.standing import Standing
from undersigned.protocol.tally import Tally
from undersigned.web.editions import names
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import World
from undersigned.web.reader.letter import LetterView
from undersigned.web.reader.names import NameList, names_pages, shards, too_many_page
from undersigned.web.records.models import Document
from undersigned.web.storage.lazy_files import LazyFiles, Maker

DIRECTORY = "names"
"""Where the files are, under the letter."""
MIN_INTERVAL = 5
"""Seconds between two lists, unless a signatory withdraws."""
NAMES_PER_SECOND = 1000
"""The interval grows by a second for every so many names: a longer list takes that much longer to write."""
MAX_NAMES = 10_000
"""Longest list: in two languages it takes the clerk half a second, and the log waits for it."""


class LiveNames:
    """Keeps one public letter's list up to date."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._written: tuple[int, int] | None = None
        self._write_time = 0

    def update(self, standing: Standing, view: LetterView) -> None:
        """Rewrites the list if it has changed and the interval is over."""
        state = (standing.size, standing.withdrawn)
        now = self._world.clock()
        has_withdrawals = self._written is None or self._written[1] != standing.withdrawn
        interval = MIN_INTERVAL + standing.count // NAMES_PER_SECOND
        # A withdrawal does not wait for the interval. From 0: a clock that was set back must not stop the list.
        if state == self._written or (not has_withdrawals and 0 <= now - self._write_time < interval):
            return
        place_names(self._letter, standing, view, self._world)
        self._written, self._write_time = state, now


def place_names(letter: FixedLetter, standing: Standing, view: LetterView, world: World) -> None:
    """Writes the list of a public letter's names and puts it in place."""
    files: dict[str, Maker] = {}
    if standing.count > MAX_NAMES:
        # The clerk would take too long over the pages; all records are in objects.jsonl.
        for language in letter.manifest.languages:
            files |= too_many_page(view, standing, language)
    else:
        listed = list_names(letter, standing)
        files |= shards(view, listed)
        for language in letter.manifest.languages:
            files |= names_pages(view, listed, language)
    directory = f"{letter.slug}/{DIRECTORY}"
    try:
        world.storage.put_tree(directory, LazyFiles(files))
    except OSError:
        # Disk full: the old list may name people who have withdrawn.
        world.storage.delete(directory)
        raise


def list_names(letter: FixedLetter, standing: Standing) -> NameList:
    """The signatories of a public letter, checked as an edition checks them."""
    people = sorted((s for s in standing.signatories.values() if s.withdrawn is None), key=lambda s: s.signed)
    there = [s for s in people if s.struck is None]
    found = names.verdicts(letter, [s.key for s in there])
    document = Document.objects.filter(letter=letter.pk, path="roll.json").first()
    leaves = frozenset(parse_roll(bytes(document.data)).leaves) if document is not None else None
    judged = editions.judge_roll([Judged(s, found.get(s.key, UNRESOLVED)) for s in there], leaves)
    kinds = Counter(row.opened.verdict for row in judged)
    groups = Counter(row.opened.payload.group for row in judged if row.opened.payload is not None)
    # By key, which is random: the order must not tell who signed first.
    judged.sort(key=lambda row: base64url.sort_key(row.signatory.key))
    rows = [name_of(row.signatory.key, row.opened, verified=leaves is not None) for row in judged]
    tally = Tally(
        number=len(people),
        named=kinds["named"],
        initials=kinds["initials"],
        anonymous=kinds["anonymous"],
        void=kinds["void"],
        unresolved=kinds["unresolved"],
        struck=len(people) - len(there),
        groups={group.id: groups[group.id] for group in letter.manifest.groups},
    )
    notes = () if leaves is not None else ("names_given", "names_unchecked")
    return NameList([row for row in rows if row is not None], tally, DIRECTORY, notes=notes)
