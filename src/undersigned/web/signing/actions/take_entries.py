"""Taking entries: what is durable after this is promised to be in the log.

Each is decided against everything taken before it, in the log or still waiting, inside one write transaction: SQLite
lets one writer in at a time, so of two that exclude each other the second one sees the first. The rules are those of
``protocol.standing``, asked of the database instead of a fold; the clerk's fold checks every entry once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.db import IntegrityError, transaction

from undersigned.protocol.errors import DuplicateError, ProtocolError
from undersigned.web.signing.admission import Admission
from undersigned.web.signing.candidate import Candidate, Taken

Outcome = Taken | ProtocolError


def take_entries(batch: Sequence[Candidate], *, now: int) -> list[Outcome]:
    """Decides ``batch`` in order and stores what may stand; one outcome for each, in order.

    Nothing is durable before the caller's transaction has been committed. ``now``: Unix seconds. A refused entry
    changes nothing. There is no ``by``: entries say themselves by whose key they are.
    """
    try:
        with transaction.atomic():
            return _take(batch, now)
    except IntegrityError:
        # The decisions above should make this impossible; if a constraint still objects, it refuses one entry, not
        # its neighbours.
        return [_take_alone(candidate, now) for candidate in batch]


def _take_alone(candidate: Candidate, now: int) -> Outcome:
    try:
        with transaction.atomic():
            return _take([candidate], now)[0]
    except IntegrityError:
        return DuplicateError("this has been taken already")


def _take(batch: Sequence[Candidate], now: int) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    rows = sorted(enumerate(batch), key=lambda row: row[1].letter.pk)
    for _, group in groupby(rows, key=lambda row: row[1].letter.pk):
        members = list(group)
        admission = Admission(members[0][1].letter, [candidate for _, candidate in members], now)
        for position, candidate in members:
            try:
                outcomes[position] = admission.take(candidate)
            except ProtocolError as error:
                outcomes[position] = error
        admission.flush()
    return [outcomes[position] for position in range(len(batch))]
