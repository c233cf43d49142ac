"""Accepts log entries: once an entry is committed here, its receipt promises that it will be in the log.

Each entry is checked against every entry accepted before it, whether in the log or pending, inside one write
transaction. SQLite allows one writer at a time, so of two conflicting entries the second one sees the first. The rules
are those of ``protocol.standing``, answered by the database instead of a fold; the clerk's fold checks each again.
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
    """The queries ``take_entries`` needs, for the caller to run in the round trip that begins the transaction."""
    return [question for letter, members in _by_letter(batch) for question in _questions(letter, members)]


def take_entries(batch: Sequence[Candidate], *, now: int, answers: Answers | None = None) -> list[Outcome]:
    """Checks the entries of ``batch`` in order and stores the valid ones; returns one outcome for each, in order.

    Runs in the caller's transaction, which makes it atomic: nothing is durable until the caller commits.
    ``now``: Unix seconds. ``answers``: the results of ``questions_before``, read in this transaction; None: they are
    read here. A refused entry changes nothing. There is no ``by`` parameter: each entry names the key that signed it.
    Raises IntegrityError if a constraint is violated, which the checks here should make impossible. The caller then
    retries the entries one by one, so that only the offending one is refused.
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
    """Groups the entries by letter, each with its position in ``batch``."""
    ordered = sorted(enumerate(batch), key=lambda row: row[1].letter.pk)
    groups = [list(group) for _, group in groupby(ordered, key=lambda row: row[1].letter.pk)]
    return [(members[0][1].letter, members) for members in groups]


def _questions(letter: FixedLetter, members: Sequence[tuple[int, Candidate]]) -> list[Question]:
    limited = letter.manifest.eligibility.size is not None
    return rows.questions(letter.pk, sorted({candidate.key for _, candidate in members}), limited=limited)
