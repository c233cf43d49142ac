"""Long-running readers (doctor, backup, snapshots) block neither the log nor the purge of deleted rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.conf import settings
from django.db import connection

from undersigned.protocol.seal import parse_object
from undersigned.web.clerk.clerk import OBJECTS_PURGE_INTERVAL
from undersigned.web.database import site_locks
from undersigned.web.database.postgresql import locks
from undersigned.web.database.purge import MAX_WRITE_LOCK, purge_deleted
from undersigned.web.database.site_locks import between_rounds
from undersigned.web.database.snapshot import snapshot
from undersigned.web.maintenance.backup import take
from undersigned.web.maintenance.doctor import Finding
from undersigned.web.records.models import Entry

from . import people
from .conftest import Site, on_disk
from .people import Letter
from .test_doctor import look, published

RECIPIENT = pyrage.x25519.Identity.generate().to_public()
TIMEOUT = 20.0
"""Seconds within which anything that does not block is over, however busy the machine is."""


class Standstill:
    """A step that pauses when it is reached, until it is let go."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()

    def __call__(self, *_: object, **__: object) -> None:
        self.reached.set()
        assert self.go.wait(60)


@contextmanager
def standing(work: Callable[[], object], still: Standstill, holding: AbstractContextManager[object]) -> Iterator[None]:
    """``work`` in a thread, in the middle of a step. ``holding``: what it holds meanwhile."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with holding:
                work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert still.reached.wait(60)
        yield
    finally:
        still.go.set()
        thread.join(60)
    assert not thread.is_alive()
    assert failed == []


def in_the_background(work: Callable[[], object]) -> threading.Thread:
    """A thread that does it."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def doctor(site: Site, monkeypatch: pytest.MonkeyPatch, still: Standstill, found: list[Finding]) -> Callable[[], None]:
    """``doctor --deep``, which pauses when it has read the first sealed object."""
    from undersigned.web.maintenance.doctor import deep

    real = parse_object

    def parse(body: bytes) -> Any:
        if not still.go.is_set():
            still()
        return real(body)

    monkeypatch.setattr(deep, "parse_object", parse)
    return lambda: found.extend(look(site))


def backup(monkeypatch: pytest.MonkeyPatch, still: Standstill, target: Path) -> Callable[[], object]:
    """``backup``, which pauses while it writes."""
    real = take._fill

    def fill(*given: Any) -> None:
        still()
        real(*given)

    monkeypatch.setattr(take, "_fill", fill)
    return lambda: take.take(data=settings.DATA, target=target, recipients=[str(RECIPIENT)], now=1)


@pytest.mark.parametrize("what", ["doctor", "backup"])
@pytest.mark.parametrize("held", [False, True])
def test_the_log_goes_on_while_the_doctor_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str, held: bool
) -> None:
    """A signature taken in the middle of a large step enters the log. Control: with the clerk held it does not."""
    letter = published(site)
    still, found = Standstill(), list[Finding]()
    work = doctor(site, monkeypatch, still, found) if what == "doctor" else backup(monkeypatch, still, tmp_path / "b")
    size = Entry.objects.count()
    person = letter.people[6]
    people.activate(letter, person)
    if held:
        # What is looked at is between two rounds already.
        for module in ("look", "site"):
            monkeypatch.setattr(f"undersigned.web.maintenance.doctor.{module}.between_rounds", nullcontext)
    with standing(work, still, between_rounds() if held else nullcontext()):
        assert letter.post("entries", people.prepare(letter, person)).status == 201
        site.clock.now += 600
        clerk = in_the_background(lambda: site.rounds(1))
        clerk.join(1.0 if held else TIMEOUT)
        assert clerk.is_alive() == held
        assert Entry.objects.count() == size + (not held)
        if not held:
            assert letter.get("count.json").json["size"] == size + 1
    clerk.join(TIMEOUT)
    assert Entry.objects.count() == size + 1
    assert found == []


def test_a_look_that_was_overtaken_is_taken_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person whom an edition names withdraws during the examination, and the names are erased: no finding."""
    letter = published(site)
    still, found = Standstill(), list[Finding]()
    with standing(doctor(site, monkeypatch, still, found), still, nullcontext()):
        assert people.withdraw(letter, letter.people[1]).status == 201
        site.rounds()
        assert letter.get("editions/1/edition.json").status == 404
    assert found == []


def test_a_fault_that_appears_while_the_doctor_runs_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a file that is damaged meanwhile is not taken for one that was overtaken."""
    letter = published(site)
    still, found = Standstill(), list[Finding]()
    with standing(doctor(site, monkeypatch, still, found), still, nullcontext()):
        assert people.withdraw(letter, letter.people[1]).status == 201
        site.rounds()
        place = settings.DATA.public / letter.slug / "editions" / "1" / "counts.json"
        place.write_bytes(place.read_bytes().replace(b"1", b"2"))
    assert [finding.what for finding in found] == ["counts.json of edition 1 is not served as it is stored"]


def signed(site: Site) -> tuple[Letter, bytes]:
    """A letter with one signature, and bytes that only its sealed object has."""
    letter = site.letter()
    people.sign(letter, letter.people[0])
    site.rounds()
    return letter, letter.people[0].object.body.encode()[100:160]


def test_deleted_rows_are_purged_when_the_last_snapshot_ends(site: Site) -> None:
    """While a snapshot is open, purging fails and says so; afterwards it works again."""
    letter, sealed = signed(site)
    step = OBJECTS_PURGE_INTERVAL + 10 if connection.vendor == "postgresql" else 10
    seen, done = threading.Event(), threading.Event()
    shown: list[int] = []

    def stay() -> None:
        with snapshot():
            seen.set()
            assert done.wait(60)
            shown.append(Entry.objects.filter(kind="withdraw").count())

    reader = in_the_background(stay)
    assert seen.wait(60)
    try:
        assert people.withdraw(letter, letter.people[0]).status == 201
        site.clock.now += step
        site.rounds()
        assert Entry.objects.filter(kind="withdraw").count() == 1
        assert not purge_deleted("signing_pending")
        # Control: it is still there to be seen.
        assert sealed in on_disk()
    finally:
        done.set()
        reader.join(60)
    assert shown == [0]
    site.clock.now += step
    site.rounds()
    assert sealed not in on_disk()


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="there no writer waits for a vacuum")
def test_a_purge_that_waits_for_a_reader_blocks_no_writer(site: Site) -> None:
    """Truncating SQLite's log would keep writers out for ten seconds; it is begun when no reader needs the past."""
    signed(site)
    asked: list[str] = []

    def noting(execute: Any, sql: str, *rest: Any) -> object:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(noting):
        with people_reading():
            Entry.objects.filter(index=0).update(batch=7)
            assert not purge_deleted("signing_pending")
            assert not [sql for sql in asked if "TRUNCATE" in sql]
            first = len(asked)
            # The second time it does not wait at all.
            assert not purge_deleted("signing_pending")
            assert len(asked) == first + 1
        assert purge_deleted("signing_pending")
        assert [sql for sql in asked if "TRUNCATE" in sql]
    # And then not for long: a reader who needs nothing of the past may still be in the way of the last step.
    assert MAX_WRITE_LOCK < 0.25


@contextmanager
def people_reading() -> Iterator[None]:
    """Another session's snapshot."""
    seen, done = threading.Event(), threading.Event()

    def stay() -> None:
        with snapshot():
            seen.set()
            assert done.wait(60)

    reader = in_the_background(stay)
    assert seen.wait(60)
    try:
        yield
    finally:
        done.set()
        reader.join(60)


def test_a_snapshot_can_write_nothing(site: Site) -> None:
    """Not even by mistake; afterwards the connection is as it was."""
    letter, _ = signed(site)
    with snapshot(), pytest.raises(Exception, match=r"readonly|read-only"):
        Entry.objects.filter(index=0).update(batch=5)
    assert not Entry.objects.filter(batch=5).exists()
    assert Entry.objects.filter(index=0).update(batch=5) == 1
    assert people.sign(letter, letter.people[1]).status == 201


def test_a_backup_says_what_its_own_copy_holds(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A signature comes after the copy and before it is described: the description is of the copy."""
    letter = published(site)
    size = Entry.objects.count()
    still = Standstill()
    still.go.set()
    real = take._states

    def late(copy: Path | None) -> Any:
        person = letter.people[6]
        assert people.sign(letter, person).status == 201
        site.clock.now += 600
        site.rounds()
        return real(copy)

    monkeypatch.setattr(take, "_states", late)
    made = take.take(data=settings.DATA, target=tmp_path / "b", recipients=[str(RECIPIENT)], now=1)
    assert Entry.objects.count() == size + 1
    # PostgreSQL's database is not in it: what is said is of the database itself, now.
    assert made.letters[0].size == size + (connection.vendor == "postgresql")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="with SQLite there is one machine")
def test_a_round_on_another_machine_is_waited_for(site: Site) -> None:
    """The lock file of another machine is not seen, the database's is; a deposed clerk's lock blocks no one."""
    signed(site)
    given = connection.get_connection_params()
    with psycopg.connect(**{k: given[k] for k in ("host", "port", "user", "dbname")}, autocommit=True) as machine:
        question = "SELECT pg_advisory_lock(%s, %s)"
        machine.execute(question, [locks.CLASS, site_locks._lock_number("a clerk of an earlier term")])
        with between_rounds():
            pass
        machine.execute(question, [locks.CLASS, site_locks._lock_number("")])
        entered = threading.Event()

        def enter() -> None:
            with between_rounds():
                entered.set()

        looking = in_the_background(enter)
        assert not entered.wait(0.5)
        machine.execute("SELECT pg_advisory_unlock_all()")
        assert entered.wait(TIMEOUT)
        looking.join(TIMEOUT)
