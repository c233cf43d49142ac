"""Taking entries: what is durable after this is promised to be in the log.

Each is decided against everything taken before it, in the log or still waiting, inside one write transaction: SQLite
lets one writer in at a time, so of two that exclude each other the second one sees the first. The rules are those of
``protocol.standing``, asked of the database instead of a fold; the clerk's fold checks every entry once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from undersigned.protocol.errors import ProtocolError
from undersigned.web.database.postgresql.begin import Answers, Question, ask
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.problems import Problem
from undersigned.web.signing import rows
from undersigned.web.signing.admission import Admission
from undersigned.web.signing.candidate import Candidate, Taken

Outcome = Taken | ProtocolError | Problem


def questions_before(batch: Sequence[Candidate]) -> list[Question]:
    """What ``take_entries`` asks before it decides: the caller's transaction may bring the answers along."""
    return [question for letter, members in _by_letter(batch) for question in _questions(letter, members)]


def take_entries(batch: Sequence[Candidate], *, now: int, answers: Answers | None = None) -> list[Outcome]:
    """Decides ``batch`` in order and stores what may stand; one outcome for each, in order.

    Runs within the caller's transaction, which makes it atomic; nothing is durable before that has been committed.
    ``now``: Unix seconds. ``answers``: to ``questions_before``, asked in this very transaction; None: they are asked
    here. A refused entry changes nothing. There is no ``by``: entries say by whose key they are.
    Raises IntegrityError if a constraint still objects, which the decisions here should make impossible: then the
    caller takes them one by one, so that one entry is refused and not its neighbours.
    """
    known = iter([ask(question) for question in questions_before(batch)] if answers is None else answers)
    outcomes: dict[int, Outcome] = {}
    for letter, members in _by_letter(batch):
        before = rows.before(letter.pk, [next(known) for _ in _questions(letter, members)])
        admission = Admission(letter, before, now)
        for position, candidate in members:
            try:
                outcomes[position] = admission.take(candidate)
            except (ProtocolError, Problem) as error:
                outcomes[position] = error
        admission.flush()
    return [outcomes[position] for position in range(len(batch))]


def _by_letter(batch: Sequence[Candidate]) -> list[tuple[FixedLetter, list[tuple[int, Candidate]]]]:
    """Each letter's entries, with their places in ``batch``."""
    ordered = sorted(enumerate(batch), key=lambda row: row[1].letter.pk)
    groups = [list(group) for _, group in groupby(ordered, key=lambda row: row[1].letter.pk)]
    return [(members[0][1].letter, members) for members in groups]


def _questions(letter: FixedLetter, members: Sequence[tuple[int, Candidate]]) -> list[Question]:
    return rows.questions(letter.pk, sorted({candidate.key for _, candidate in members}))
