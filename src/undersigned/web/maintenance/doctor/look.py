"""Examines a letter on a running site: a database snapshot, compared with the files served at that moment.

The clerk is blocked only while the snapshot is opened. The served files change while the examination runs, so a
difference need not be a fault: a withdrawal may have come in between, or the clerk may still be waiting for a
publication to end. So what differed is examined again, and only a difference that persists although nothing has changed
becomes a finding.
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
from undersigned.web.database.site_locks import between_rounds, is_clerk_active
from undersigned.web.database.snapshot import snapshot
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.fold import fold_log
from undersigned.web.maintenance.finding import Finding
from undersigned.web.ports import World
from undersigned.web.records.models import Entry, published_editions

PAUSE: Final = 1.5
"""Seconds between two examinations: time for a round of the clerk."""
CONFIRMATIONS: Final = 3
"""How often a difference must be seen, with no change in between, before it is reported."""
MAX_LOOKS: Final = 20
"""Most examinations, including those that were overtaken by a change."""


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
        return fold_log(self.letter)

    def overtaken(self) -> bool:
        """Whether an entry or publication since then changes the served editions."""
        since = Entry.objects.filter(letter=self.letter.pk, index__gte=self.size)
        changes = since.filter(kind__in=("withdraw", "strike")) | since.filter(kind="sign", seq__gt=0)
        return changes.exists() or _published(self.letter) != self.published


Check = Callable[[Look], Iterator[Finding]]


def examine_letter(
    letter: FixedLetter, world: World, checks: list[Check], afterwards: list[Check], pause: float = PAUSE
) -> list[Finding]:
    """The findings of a letter. ``afterwards``: checks that hardly use the database, run outside the snapshot."""
    todo, confirmed = [*checks, *afterwards], 0
    found: dict[Check, list[Finding]] = {}
    for _ in range(MAX_LOOKS):
        with ExitStack() as seen:
            with between_rounds():
                seen.enter_context(snapshot())
                look = _begin(letter, world)
            # True now: the clerk goes on, and this thread still reads the snapshot.
            found = {check: _run(check, look) for check in todo if check in checks}
        found |= {check: _run(check, look) for check in todo if check in afterwards}
        todo = [check for check in todo if found[check]]
        if not todo or not is_clerk_active():
            break
        confirmed += not look.overtaken()
        if confirmed == CONFIRMATIONS:
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
    """Each published edition, and whether its names have been erased."""
    rows = published_editions(letter.pk)
    named = set(rows.filter(data__isnull=False).values_list("number", flat=True))
    return [(number, number not in named) for number in rows.values_list("number", flat=True)]


def _run(check: Check, look: Look) -> list[Finding]:
    try:
        return list(check(look))
    except (ProtocolError, DatabaseError, ValueError, TypeError) as error:
        what = f"what is stored of it cannot be read: {type(error).__name__}: {error}"
        return [Finding(look.letter.slug, what)]
