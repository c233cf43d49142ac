"""Taking entries: what is durable after this is promised to be in the log.

Each is decided against everything taken before it, in the log or still waiting, inside one write transaction: SQLite
lets one writer in at a time, so of two that exclude each other the second one sees the first. The rules are those of
``protocol.standing``, asked of the database instead of a fold; the clerk's fold checks every entry once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from undersigned.protocol.errors import ProtocolError
from undersigned.web.signing.admission import Admission
from undersigned.web.signing.candidate import Candidate, Taken

Outcome = Taken | ProtocolError


def take_entries(batch: Sequence[Candidate], *, now: int) -> list[Outcome]:
    """Decides ``batch`` in order and stores what may stand; one outcome for each, in order.

    Runs within the caller's transaction, which makes it atomic; nothing is durable before that has been committed.
    ``now``: Unix seconds. A refused entry changes nothing. There is no ``by``: entries say by whose key they are.
    Raises IntegrityError if a constraint still objects, which the decisions here should make impossible: then the
    caller takes them one by one, so that one entry is refused and not its neighbours.
    """
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
