"""Backpressure: requests beyond the bounded queue, and requests to a lagging event loop, are told to retry at once."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest
from django.urls import get_resolver

from undersigned.web.api import letters
from undersigned.web.edge.load_limit import MAX_LAG, LoadLimit, LoopMonitor
from undersigned.web.problems import Problem
from undersigned.web.records.models import Pending

from . import people
from .conftest import Site
from .people import Answer
from .test_races import together


async def _let_in(gate: LoadLimit, leave: asyncio.Event, said: list[str]) -> None:
    try:
        async with gate.admit():
            said.append("in")
            await leave.wait()
    except Problem as problem:
        said.append(problem.code)


async def _crowd(gate: LoadLimit, number: int) -> tuple[list[str], list[str]]:
    """The answers to so many requests at once: before any of them leaves, and when all have left."""
    leave, said = asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(_let_in(gate, leave, said)) for _ in range(number)]
    for _ in range(5):
        await asyncio.sleep(0)
    at_first = list(said)
    leave.set()
    await asyncio.gather(*tasks)
    return at_first, said


def test_concurrency_and_queue_are_bounded_and_the_rest_refused_at_once() -> None:
    """Of ten two are let in, three wait and are let in after them, five are told to come back."""
    at_first, in_the_end = asyncio.run(_crowd(LoadLimit(concurrent=2, queued=3), 10))
    assert Counter(at_first) == {"in": 2, "busy": 5}
    assert Counter(in_the_end) == {"in": 5, "busy": 5}


def test_waiting_requests_are_refused_after_the_maximum_wait() -> None:
    """A request that is not admitted within the maximum wait is told to retry, and frees its place in the queue."""

    async def scene() -> tuple[list[str], list[str]]:
        gate, leave, said, later = (
            LoadLimit(concurrent=1, queued=1, wait=0.01),
            asyncio.Event(),
            list[str](),
            list[str](),
        )
        inside = asyncio.create_task(_let_in(gate, leave, said))
        await asyncio.sleep(0)
        await _let_in(gate, leave, said)
        leave.set()
        await inside
        await _let_in(gate, leave, later)
        return said, later

    assert asyncio.run(scene()) == (["in", "busy"], ["in"])


def test_a_loop_that_is_behind_is_seen_to_be() -> None:
    """Late by more than it may be: busy; on time, or not begun yet: not."""

    async def scene() -> None:
        LoopMonitor(max_lag=-1).check()
        beat = LoopMonitor(max_lag=MAX_LAG)
        beat.start()
        beat.check()
        behind = LoopMonitor(max_lag=-1)
        behind.start()
        with pytest.raises(Problem) as said:
            behind.check()
        assert said.value.headers["Retry-After"]
        behind.stop()
        behind.check()

    asyncio.run(scene())


def test_requests_are_told_to_retry_while_the_event_loop_lags(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures, codes and what Django answers: 503 with Retry-After, nothing kept; static files are served."""
    letter = site.letter()
    first, second = letter.people[:2]
    people.activate(letter, first)
    body, question = people.prepare(letter, first), people.ask(letter, second).body
    asks: list[Callable[[], Answer]] = [
        lambda: letter.post("entries", body),
        lambda: letter.post("activate", question),
        lambda: letter.get("status", **letter.auth),
    ]
    monkeypatch.setattr(site.application._beat, "check", _behind)
    for ask in asks:
        answer = ask()
        assert (answer.status, answer.problem) == (503, "busy")
        assert int(answer.headers["retry-after"]) > 0
    assert not Pending.objects.exists()
    assert letter.get("count.json").status == 200
    monkeypatch.undo()
    assert [ask().status for ask in asks] == [201, 200, 200]


def _behind() -> None:
    beat = LoopMonitor(max_lag=-1)
    beat._seen = 0.0
    beat.check()


def test_django_answers_so_many_at_once_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty requests at once, where four run and twelve may wait: each request that gets in is answered, the others
    are told to come back, and never were there five at a time."""
    letter = site.letter()
    inside, most, lock = [0], [0], threading.Lock()
    real = letters.status

    def counted(request: HttpRequest, **parts: Any) -> object:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        try:
            return real(request, **parts)
        finally:
            with lock:
                inside[0] -= 1

    monkeypatch.setattr(site.application, "_gate", LoadLimit(concurrent=4, queued=12))
    (pattern,) = (found for found in get_resolver().url_patterns if found.callback is real)
    monkeypatch.setattr(pattern, "callback", counted)
    answers: list[Answer] = together([lambda: letter.get("status", **letter.auth)] * 60)
    told = Counter(answer.status for answer in answers)
    assert set(told) <= {200, 503}
    assert told[200] >= 4
    assert 1 <= most[0] <= 4
    assert letter.get("status", **letter.auth).status == 200
