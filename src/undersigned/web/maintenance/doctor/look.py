"""One look at a letter: its rows as of one moment, and what was served at that moment.

The clerk is held for that moment and no longer. What is served goes on changing while the look lasts, so a difference
may be no fault: the look was overtaken, or the clerk still owes what it could not do while somebody published. Such a
look is taken again, at what differed. Only what differs again and again, though nothing happened, is a finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.db import DatabaseError

from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.standing import Standing
from undersigned.web.database.site_locks import clerk_at_work, moment
from undersigned.web.database.snapshot import snapshot
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.fold import fold
from undersigned.web.maintenance.finding import Finding
from undersigned.web.ports import World
from undersigned.web.records.models import Entry, published_editions

PAUSE: Final = 1.5
"""Seconds between two looks: a clerk has had a round by then."""
LOOKS: Final = 3
"""How often the same is found, with nothing happening meanwhile, before it is believed."""
MOST: Final = 20
"""Looks at most, overtaken ones among them."""


@dataclass
class Look:
    """``checkpoint``, ``count``: log/checkpoint and count.json as they were served when the snapshot was taken."""

    letter: FixedLetter
    world: World
    checkpoint: bytes | None
    count: bytes | None
    size: int
    published: list[tuple[int, bool]] = field(default_factory=list)

    @cached_property
    def standing(self) -> Standing:
        """The fold over all entries. Raises InvalidError."""
        return fold(self.letter)

    def overtaken(self) -> bool:
        """Whether something has happened since that changes what is served of editions."""
        since = Entry.objects.filter(letter=self.letter.pk, index__gte=self.size)
        changes = since.filter(kind__in=("withdraw", "strike")) | since.filter(kind="sign", seq__gt=0)
        return changes.exists() or _published(self.letter) != self.published


Check = Callable[[Look], Iterator[Finding]]


def examine_letter(
    letter: FixedLetter, world: World, checks: list[Check], afterwards: list[Check], pause: float = PAUSE
) -> list[Finding]:
    """What is wrong with a letter. ``afterwards``: checks that ask the database for little, outside the snapshot."""
    todo, believed = [*checks, *afterwards], 0
    found: dict[Check, list[Finding]] = {}
    for _ in range(MOST):
        with ExitStack() as seen:
            with moment():
                seen.enter_context(snapshot())
                look = _begin(letter, world)
            # True now: the clerk goes on; the tables are still those of that moment.
            found = {check: _run(check, look) for check in todo if check in checks}
        found |= {check: _run(check, look) for check in todo if check in afterwards}
        todo = [check for check in todo if found[check]]
        if not todo or not clerk_at_work():
            break
        believed += not look.overtaken()
        if believed == LOOKS:
            break
        time.sleep(pause)
    return list(dict.fromkeys(finding for check in todo for finding in found[check]))


def _begin(letter: FixedLetter, world: World) -> Look:
    last = Entry.objects.filter(letter=letter.pk).order_by("-index").values_list("index", flat=True).first()
    return Look(
        letter,
        world,
        world.storage.get(f"{letter.slug}/log/checkpoint"),
        world.storage.get(f"{letter.slug}/count.json"),
        0 if last is None else last + 1,
        _published(letter),
    )


def _published(letter: FixedLetter) -> list[tuple[int, bool]]:
    """Each published edition, and whether its names are gone."""
    rows = published_editions(letter.pk)
    named = set(rows.filter(data__isnull=False).values_list("number", flat=True))
    return [(number, number not in named) for number in rows.values_list("number", flat=True)]


def _run(check: Check, look: Look) -> list[Finding]:
    try:
        return list(check(look))
    except (ProtocolError, DatabaseError, ValueError, TypeError) as error:
        what = f"what is stored of it cannot be read: {type(error).__name__}: {error}"
        return [Finding(look.letter.slug, what)]
