"""A public letter's names as they are now: pages and search files, made anew as the log grows.

The records are public the moment they are in the log (``objects.jsonl``), so a page that says so shows them. Who has
withdrawn is gone with the next round; who signs is there a few seconds later, so that a busy letter is not written
anew for each signature.
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
from undersigned.web.reader.letter import Shown
from undersigned.web.reader.names import Listed, names_pages, shards, too_many_page
from undersigned.web.records.models import Document
from undersigned.web.storage.lazy_files import LazyFiles, Maker

PLACE = "names"
"""Where they lie, under the letter."""
REST = 5
"""Seconds between two lists while nobody withdraws."""
REST_NAMES = 1000
"""One second more for so many names: a longer list takes that much longer to make."""
MOST = 10_000
"""Names that are listed: two languages of so many take the clerk half a second, in which the log waits."""


class LiveNames:
    """One public letter's list in the clerk's hands."""

    def __init__(self, letter: FixedLetter, world: World) -> None:
        self._letter, self._world = letter, world
        self._placed: tuple[int, int] | None = None
        self._rested = 0

    def round(self, standing: Standing, shown: Shown) -> None:
        """Puts the list in place, if it is another one and it is time."""
        state = (standing.size, standing.withdrawn)
        now = self._world.clock()
        gone = self._placed is None or self._placed[1] != standing.withdrawn
        rest = REST + standing.count // REST_NAMES
        # Whoever withdrew waits for nothing; a clock that was put back must not stop the list.
        if state == self._placed or (not gone and 0 <= now - self._rested < rest):
            return
        place_names(self._letter, standing, shown, self._world)
        self._placed, self._rested = state, now


def place_names(letter: FixedLetter, standing: Standing, shown: Shown, world: World) -> None:
    """Makes what is served of a public letter's names what it must be."""
    files: dict[str, Maker] = {}
    if standing.count > MOST:
        # Making pages of so many takes the clerk longer than others may wait; the records are a file of their own.
        for language in letter.manifest.languages:
            files |= too_many_page(shown, standing, language)
    else:
        listed = list_names(letter, standing)
        files |= shards(shown, listed)
        for language in letter.manifest.languages:
            files |= names_pages(shown, listed, language)
    place = f"{letter.slug}/{PLACE}"
    try:
        world.storage.put_tree(place, LazyFiles(files))
    except OSError:
        # No room: the list that is there may name people who have to be gone.
        world.storage.delete(place)
        raise


def list_names(letter: FixedLetter, standing: Standing) -> Listed:
    """Who stands behind a public letter, judged as an edition would judge them."""
    people = sorted((s for s in standing.signatories.values() if s.withdrawn is None), key=lambda s: s.signed)
    there = [s for s in people if s.struck is None]
    found = names.verdicts(letter, [s.key for s in there])
    document = Document.objects.filter(letter=letter.pk, path="roll.json").first()
    leaves = frozenset(parse_roll(bytes(document.data)).leaves) if document is not None else None
    judged = editions.judge_roll([Judged(s, found.get(s.key, UNRESOLVED)) for s in there], leaves)
    kinds = Counter(row.opened.verdict for row in judged)
    groups = Counter(row.opened.payload.group for row in judged if row.opened.payload is not None)
    # In no order that tells who came first.
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
    return Listed([row for row in rows if row is not None], tally, PLACE, notes=notes)
