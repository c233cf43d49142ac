"""Two web workers of one site, each with its own committer: only the database coordinates them."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from undersigned.protocol import manifest
from undersigned.web.database.postgresql.begin import beginning_with
from undersigned.web.database.postgresql.locks import CLASS, WRITER
from undersigned.web.database.purge import purge_deleted
from undersigned.web.edge import asgi
from undersigned.web.records.models import Letter as Row
from undersigned.web.records.models import Pending, Refused
from undersigned.web.times import moment

from . import people
from .conftest import Site
from .people import Answer, Letter
from .server import until
from .test_races import send, together

ON_POSTGRESQL = "UNDERSIGNED_TEST_DATABASE" in os.environ


@pytest.fixture
def other(site: Site) -> Iterator[Site]:
    """The second worker."""
    worker = asgi.Site()
    worker.start()
    yield replace(site, application=worker)
    worker.stop()


def of(letter: Letter, worker: Site) -> Letter:
    """The letter, reached through this worker."""
    return replace(letter, call=worker.call)


def test_a_key_signs_once_whichever_worker_is_asked(site: Site, other: Site) -> None:
    """Ten different first signatures of one key, five to each: one is taken."""
    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    acts: list[Callable[[], Answer]] = []
    for number in range(10):
        person.seq = 0
        body = people.prepare(letter, person)
        acts.append(send(of(letter, (site, other)[number % 2]), body))
    answers = together(acts)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 9}
    site.rounds()
    assert letter.status()["count"] == 1
    assert not Refused.objects.exists()


def test_one_entry_has_one_receipt_whichever_worker_is_asked(site: Site, other: Site) -> None:
    """Ten copies of one request, five to each."""
    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    answers = together([send(of(letter, worker), body) for worker in (site, other)] * 5)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 9}
    assert len({answer.body for answer in answers}) == 1
    assert Pending.objects.count() == 1


def test_a_code_answers_one_question_whichever_worker_is_asked(site: Site, other: Site) -> None:
    """Eight blinded values for one code, four to each: one signature goes out."""
    letter = site.letter()
    questions = [people.ask(letter, letter.people[0]).body for _ in range(8)]
    acts: list[Callable[[], Answer]] = []
    for number, question in enumerate(questions):
        at = of(letter, (site, other)[number % 2])
        acts.append(lambda q=question, at=at: at.post("activate", q))  # type: ignore[misc]
    assert Counter(answer.status for answer in together(acts)) == {200: 1, 409: 7}


def test_a_cut_at_one_worker_while_people_sign_at_the_other(site: Site, other: Site) -> None:
    """A cut ends the batch that the other worker adds signatures to: every acknowledged one is in the log."""
    letter = site.letter(size=26)
    for edition in (1, 2):
        after = manifest.format_time(moment(site.clock.now + 5))
        assert people.notice(letter, edition, after).status == 201
        site.clock.now += 10
        joiners = letter.people[12 * edition - 12 : 12 * edition]
        for person in joiners:
            people.activate(letter, person)
        acts: list[Callable[[], Answer]] = [send(letter, people.prepare(letter, person)) for person in joiners]
        cut = partial(people.cut, of(letter, other), edition)
        answers = together([*acts[:6], cut, *acts[6:]])
        assert all(answer.status == 201 for answer in answers)
        site.rounds()
        assert letter.status()["count"] == 12 * edition
    assert letter.status()["pending"] == 0
    assert not Refused.objects.exists()


def _locked() -> psycopg.Connection[tuple[object, ...]]:
    """Another worker's session, in a transaction that holds the writer's lock."""
    connection.ensure_connection()
    session = psycopg.connect(**connection.get_connection_params(), autocommit=True)
    session.execute(f"BEGIN; SELECT pg_advisory_xact_lock({CLASS}, {WRITER})")
    return session


def _one_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


QUESTION = "SELECT abandoned FROM letters_letter WHERE id = %s"


def _asked_ahead(pk: int) -> list[list[tuple[object, ...]]]:
    """As the committer asks."""
    with beginning_with([(QUESTION, [pk])]) as answers:
        found = answers()
    connection.close()
    return found


def _asked_too_early(pk: int) -> list[list[tuple[object, ...]]]:
    """A control: the check comes before the lock."""
    with connection.cursor() as cursor:
        statement = f"BEGIN; {QUESTION}; SELECT pg_advisory_xact_lock({CLASS}, {WRITER}); COMMIT"
        cursor.cursor.execute(statement, [pk])
        found = [part.fetchall() for part in cursor.cursor.results() if part.description]
    connection.close()
    return found


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite nothing is asked ahead")
@pytest.mark.parametrize(("way", "seen"), [(_asked_ahead, True), (_asked_too_early, False)])
def test_what_comes_with_the_lock_was_asked_under_it(
    site: Site, way: Callable[[int], list[list[tuple[object, ...]]]], seen: bool
) -> None:
    """One worker writes while another waits for the lock: the other sees it, though it had sent its question before.
    Control: a question in front of the lock sees what was."""
    pk = Row.objects.get(slug=site.letter().slug).pk
    writer = _locked()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(way, pk)
        try:
            until(_one_waits)
            writer.execute("UPDATE letters_letter SET abandoned = true WHERE id = %s", [pk])
        finally:
            writer.execute("COMMIT")
            writer.close()
        assert waiting.result(timeout=20)[0] == [(seen,)]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite one commit is as good as another")
def test_nothing_is_written_but_in_a_transaction_that_is_waited_for(site: Site) -> None:
    """A statement by itself would be committed without a look at what the server says of it: it is refused."""
    rows = Row.objects.filter(pk=Row.objects.get(slug=site.letter().slug).pk)

    def write() -> int:
        try:
            with pytest.raises(DatabaseError, match="read-only"):
                rows.update(abandoned=True)
            with transaction.atomic():
                return rows.update(abandoned=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(write).result(20) == 1


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite there is no way to go")
def test_a_batch_goes_there_and_back_four_times(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock with what is asked, what is stored, the commit; then the wait for disk and standby, for which only
    the batch itself waits."""
    # Fewer entries than people on the roll. Beyond that, the keys that have signed are counted: a fifth round trip.
    letter = site.letter(size=12)
    for person in letter.people[:3]:
        people.activate(letter, person)
    # The first one opens a batch of the log, which takes two more.
    assert letter.post("entries", people.prepare(letter, letter.people[0])).status == 201
    ways: list[str] = []
    real = psycopg.Connection.wait

    def wait(session: psycopg.Connection[object], work: Any, interval: float = 0.1) -> Any:
        # psycopg's own note of autocommit goes nowhere.
        if threading.current_thread().name == "committer" and "autocommit" not in work.__name__:
            ways.append(work.__name__)
        return real(session, work, interval)

    monkeypatch.setattr(psycopg.Connection, "wait", wait)
    for person in letter.people[1:3]:
        ways.clear()
        assert letter.post("entries", people.prepare(letter, person)).status == 201
        assert len(ways) == 4, ways


@pytest.mark.skipif(not ON_POSTGRESQL, reason="test_doctor_under_load.py holds it of both; this is another's session")
def test_rows_that_a_snapshot_can_see_do_not_count_as_purged(site: Site) -> None:
    """A rewritten table keeps deleted rows that an old snapshot shows; so the purge asks again when that is over."""
    letter = site.letter()
    people.sign(letter, letter.people[0])
    given = connection.get_connection_params()
    with psycopg.connect(**{name: given[name] for name in ("host", "port", "user", "dbname")}) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM signing_pending")
        Pending.objects.all().delete()
        assert not purge_deleted("signing_pending")
        reader.rollback()
        assert purge_deleted("signing_pending")
