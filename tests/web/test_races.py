"""Race conditions: with two requests at once, each promise of the log holds in either order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from undersigned.protocol import base64url as b64
from undersigned.protocol import entries, manifest
from undersigned.web.records.models import Entry, Pending, Refused
from undersigned.web.signing.committer import Committer
from undersigned.web.times import moment

from . import people
from .conftest import Site
from .people import Answer, Letter
from .server import until
from .test_life import outcome


def together(acts: list[Callable[[], Answer]]) -> list[Answer]:
    """All of them at once, from a thread each, begun at one moment."""
    gate = threading.Barrier(len(acts))

    def go(act: Callable[[], Answer]) -> Answer:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))


def send(letter: Letter, body: dict[str, object]) -> Callable[[], Answer]:
    """A post of entries, to be made later."""
    return lambda: letter.post("entries", body)


def test_two_signatures_of_one_key_at_once_are_one(site: Site) -> None:
    """Ten different first signatures of one key: one is accepted, nine must take the next number."""
    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    bodies = []
    for _ in range(10):
        person.seq = 0
        bodies.append(people.prepare(letter, person))
    answers = together([send(letter, body) for body in bodies])
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 9}
    site.rounds()
    assert letter.status()["count"] == 1
    assert not Refused.objects.exists()


def test_the_same_entry_at_once_is_taken_once(site: Site) -> None:
    """Ten copies of one request: one 201, nine 200, one receipt."""
    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    answers = together([send(letter, body)] * 10)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 9}
    assert len({answer.body for answer in answers}) == 1
    assert Pending.objects.count() == 1


def test_one_code_answers_one_of_many_questions(site: Site) -> None:
    """Eight different blinded values for one code at once: one signature goes out, seven are refused."""
    letter = site.letter()
    person = letter.people[0]
    questions = [people.ask(letter, person).body for _ in range(8)]
    answers = together([lambda q=q: letter.post("activate", q) for q in questions])  # type: ignore[misc]
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    assert {answer.problem for answer in answers if answer.status == 409} == {"code-used"}


def test_an_edit_and_a_withdrawal_at_once(site: Site) -> None:
    """In either order, the withdrawal is in force and the log can be verified."""
    letter = site.letter(size=10)
    acts = []
    for person in letter.people[:8]:
        assert people.sign(letter, person).status == 201
        edit = people.prepare(letter, person, "anonymous")
        gone = entries.sign_entry(entries.Withdraw(v=1, letter=letter.l, key=person.key), person.seed)
        acts += [send(letter, edit), send(letter, {"entry": gone})]
    answers = together(acts)
    assert {answer.status for answer in answers[1::2]} == {201}
    assert {answer.status for answer in answers[::2]} <= {201, 409}
    site.rounds()
    assert (letter.status()["count"], letter.status()["withdrawn"]) == (0, 8)
    assert not Refused.objects.exists()
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"


def test_signatures_withdrawals_and_the_cut_at_once(site: Site) -> None:
    """Every acknowledged signature is in the log, on one side of the cut; one withdrawn before it is not opened."""
    letter = site.letter(size=16)
    for person in letter.people[:6]:
        assert people.sign(letter, person).status == 201
    site.rounds()
    assert people.notice(letter, after=manifest.format_time(moment(site.clock.now + 5))).status == 201
    site.clock.now += 10
    joiners = letter.people[6:12]
    for person in joiners:
        people.activate(letter, person)
    acts: list[Callable[[], Answer]] = [send(letter, people.prepare(letter, person)) for person in joiners]
    acts += [lambda p=p: people.withdraw(letter, p) for p in letter.people[:3]]  # type: ignore[misc]
    acts += [lambda: people.cut(letter)] * 2
    answers = together(acts)
    assert all(answer.status == 201 for answer in answers[:9])
    assert sorted(answer.status for answer in answers[9:]) == [200, 201]
    site.rounds()
    assert not Refused.objects.exists()
    logged = Entry.objects.filter(letter__slug=letter.slug)
    cut = logged.get(kind="cut").index
    gone = set(logged.filter(kind="withdraw", index__lt=cut).values_list("key", flat=True))
    signed = set(logged.filter(kind="sign", index__lt=cut).values_list("key", flat=True))
    assert letter.status()["editions"][0]["open_set"] == len(signed - gone)
    assert letter.status()["count"] == 9


def test_a_strike_after_publication_is_refused(site: Site) -> None:
    """What is published can be left by withdrawing; it is not struck any more."""
    letter = site.letter()
    for person in letter.people[:2]:
        people.sign(letter, person)
    site.rounds()
    site.make_edition(letter, {p.key for p in letter.people[:2]})
    refused = people.strike(letter, letter.people[0].key)
    assert (refused.status, refused.problem) == (409, "letter-closed")


def test_a_busy_database_answers_503_and_nothing_is_acknowledged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another session holds the write lock too long: 503 with Retry-After, and the same request works later."""
    from django.db import transaction

    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    committer: Committer = site.application._committer
    real, held = transaction.Atomic.__enter__, threading.Event()
    held.set()

    def locked(self: transaction.Atomic) -> None:
        # The committer alone: what other threads do meanwhile is none of this test's business.
        if held.is_set() and threading.current_thread() is committer._thread:
            raise OperationalError("database is locked")
        real(self)

    monkeypatch.setattr(transaction.Atomic, "__enter__", locked)
    busy = letter.post("entries", body)
    assert (busy.status, busy.problem) == (503, "busy")
    assert int(busy.headers["retry-after"]) > 0
    assert not Pending.objects.filter(kind="sign").exists()
    held.clear()
    assert letter.post("entries", body).status == 201


def test_no_transaction_takes_codes_and_entries(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve of each at once: every transaction is of one kind, whatever waits, and there are few of them."""
    letter = site.letter(size=24)
    signing, using = letter.people[:12], letter.people[12:]
    for person in signing:
        people.activate(letter, person)
    posts = [send(letter, people.prepare(letter, person)) for person in signing]
    uses = [partial(letter.post, "activate", people.ask(letter, p).body) for p in using]
    committer: Committer = site.application._committer
    taken: list[list[str]] = []
    real, queued = committer._commit, threading.Event()

    def noting(jobs: list[Any]) -> list[Any]:
        queued.wait(20)
        taken.append([type(job.work).__name__ for job in jobs])
        return real(jobs)

    monkeypatch.setattr(committer, "_commit", noting)
    with ThreadPoolExecutor(24) as pool:
        answers = [pool.submit(act) for pair in zip(posts, uses, strict=True) for act in pair]
        until(lambda: committer._queue.qsize() + len(committer._held) >= 22)
        queued.set()
        done = [answer.result(20) for answer in answers]
    assert Counter(answer.status for answer in done) == {201: 12, 200: 12}
    assert all(len(set(kinds)) == 1 for kinds in taken), taken
    assert len(taken) <= 6
    # The control: what waited was of both kinds, one after the other.
    assert {kind for kinds in taken for kind in kinds} == {"Candidate", "CodeUse"}


def test_who_comes_back_after_a_busy_answer_is_tried(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer "busy" is given once the queue behind it is empty: the next request is not swept away with the rest."""
    from undersigned.web.signing import committer as module

    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    committer: Committer = site.application._committer
    order: list[str] = []
    emptied, answered = committer._late, committer._answer

    def late() -> list[module._Job]:
        order.append("emptied")
        return emptied()

    def answer(jobs: list[module._Job], outcomes: list[object]) -> None:
        order.append("answered")
        answered(jobs, outcomes)

    def stuck(jobs: list[object]) -> list[object]:
        return committer._failed(OperationalError("database is locked"), False, False, len(jobs))

    monkeypatch.setattr(committer, "_late", late)
    monkeypatch.setattr(committer, "_answer", answer)
    monkeypatch.setattr(committer, "_commit", stuck)
    assert letter.post("entries", body).problem == "busy"
    assert order == ["emptied", "answered"]
    monkeypatch.undo()
    assert letter.post("entries", body).status == 201


def test_who_waits_behind_a_database_that_does_not_answer_is_sent_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who came while it kept one waiting get their 503 with it, instead of waiting one after the other."""
    from undersigned.web.signing.committer import Committer

    letter = site.letter(size=8)
    bodies = []
    for person in letter.people[:5]:
        people.activate(letter, person)
        bodies.append(people.prepare(letter, person))
    committer: Committer = site.application._committer
    asked: list[int] = []
    queued = threading.Event()

    def stuck(self: Committer, jobs: list[object]) -> list[object]:
        asked.append(len(jobs))
        queued.wait(20)
        return self._failed(OperationalError("canceling statement due to lock timeout"), False, False, len(jobs))

    monkeypatch.setattr(Committer, "_commit", stuck)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(send(letter, bodies[0]))
        until(lambda: asked == [1])
        rest = [pool.submit(send(letter, body)) for body in bodies[1:]]
        until(lambda: committer._queue.qsize() == 4)
        queued.set()
        answers = [first.result(20), *(answer.result(20) for answer in rest)]
    assert [(answer.status, answer.problem) for answer in answers] == [(503, "busy")] * 5
    assert asked == [1]
    monkeypatch.undo()
    assert not Pending.objects.filter(kind="sign").exists()
    assert all(letter.post("entries", body).status == 201 for body in bodies)


def test_a_commit_that_fails_is_never_acknowledged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk fails at the commit the process is stopped before any answer: here, the stop is seen instead.

    A PostgreSQL server is asked again instead: until then, nothing is acknowledged.
    """
    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    stopped: list[str] = []
    committer = Committer(site.clock, site.world.reserve, on_failure=lambda error: stopped.append(type(error).__name__))
    monkeypatch.setattr(site.application._intake, "_committer", committer)
    committer.start()
    from django.db.backends.base.base import BaseDatabaseWrapper

    real = BaseDatabaseWrapper.commit

    def failing(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(BaseDatabaseWrapper, "commit", failing)
    answer = letter.post("entries", body)
    monkeypatch.setattr(BaseDatabaseWrapper, "commit", real)
    committer.stop()
    asked = connection.vendor == "postgresql"
    assert stopped == ([] if asked else ["OperationalError"])
    assert answer.status == (503 if asked else 500)
    assert not Pending.objects.exists()


def test_requests_beyond_the_queue_are_told_to_retry(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too much waits already nothing more is queued: 503 at once."""
    from undersigned.web.signing import committer

    letter = site.letter()
    person = letter.people[0]
    people.activate(letter, person)
    monkeypatch.setattr(committer, "MAX_WAITING", 0)
    answer = letter.post("entries", people.prepare(letter, person))
    assert (answer.status, answer.problem) == (503, "busy")
    assert answer.headers["retry-after"]


def test_a_notice_of_a_key_s_own_making_is_nobody_s(site: Site) -> None:
    """An entry signed by a key that may not make it is refused whatever its kind."""
    letter = site.letter()
    stranger = bytes(range(32))
    for entry in (
        entries.Notice(v=1, letter=letter.l, edition=1, after="2099-01-01T00:00:00Z"),
        entries.Cut(v=1, letter=letter.l, edition=1),
        entries.Strike(v=1, letter=letter.l, edition=1, key=b64.encode(stranger), reason="asked"),
        entries.Abandon(v=1, letter=letter.l),
    ):
        answer = letter.entry(entry, stranger)
        assert (answer.status, answer.problem) == (403, "signature-invalid")


def test_what_is_no_longer_pending_is_in_the_log_s_size(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clerk takes a batch in between any two questions of one status: a signature is never in neither figure."""
    execute, waiting = CursorWrapper.execute, list[int | None]()

    def between(self: CursorWrapper, sql: str, params: Any = None) -> object:
        if waiting and waiting.pop() is None:
            site.rounds(1)
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", between)
    letter = site.letter(size=30)
    told = []
    for person, place in zip(letter.people, range(1, 30), strict=False):
        before = letter.status()["size"]
        assert people.sign(letter, person).status == 201
        waiting[:] = [None, *[0] * place]
        status = letter.status()
        taken = not waiting
        waiting.clear()
        told.append((status["size"] - before, status["pending"]))
        assert status["size"] - before + status["pending"] >= 1, f"before question {place}"
        site.rounds()
        if not taken:
            break
    assert {(1, 0), (1, 1)} <= set(told), "it was taken before the questions, and between them"
