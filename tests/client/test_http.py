"""HTTP: bounded, never redirected, patient with a busy server, and clear about every other answer."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from undersigned.client.errors import AnswerError, BusyError, ProblemError, UndeliveredError, UnreachableError
from undersigned.client.http import ATTEMPTS, MAX_ANSWER, Http

PROBLEM = {"content-type": "application/problem+json"}


def http(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[Http, list[float]]:
    """A connection whose server gives ``answer``, and the pauses it made."""
    pauses: list[float] = []
    return Http("https://a.example/x/", transport=httpx.MockTransport(answer), pause=pauses.append), pauses


def test_a_busy_server_is_asked_again_later_and_later() -> None:
    answers = iter([httpx.Response(503), httpx.Response(503), httpx.Response(200, content=b"{}")])
    client, pauses = http(lambda _: next(answers))
    assert client.get_json("status") == {}
    assert len(pauses) == 2
    assert pauses[0] < pauses[1] * 2


def test_it_gives_up_in_the_end_and_says_so() -> None:
    client, pauses = http(lambda _: httpx.Response(503))
    with pytest.raises(BusyError, match="busy"):
        client.post("entries", {})
    assert len(pauses) == ATTEMPTS - 1


def test_long_work_is_waited_for_as_long_as_the_server_is_at_it() -> None:
    """Read timeouts and a proxy's 504, more than are borne otherwise; then the answer. A server that is gone is not."""
    answers = iter([None, 504, None, 503, None, None, None, 504, 201])

    def answer(_: httpx.Request) -> httpx.Response:
        status = next(answers)
        if status is None:
            raise httpx.ReadTimeout("slow")
        return httpx.Response(status, content=b'{"edition":"x"}')

    client, pauses = http(answer)
    assert client.post("publish", {}, patience=60) == {"edition": "x"}
    assert len(pauses) == 8

    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client, pauses = http(gone)
    with pytest.raises(UnreachableError):
        client.post("publish", {}, patience=60)
    assert len(pauses) == ATTEMPTS - 1


def test_a_broken_connection_is_tried_again() -> None:
    calls: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        calls.append(1)
        if len(calls) == 1:
            raise httpx.ReadError("gone")
        return httpx.Response(201, content=b'{"receipt":{}}')

    client, _ = http(answer)
    assert client.post("entries", {}) == {"receipt": {}}
    assert len(calls) == 2


def test_an_unreachable_server_is_said_to_be_that() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow")

    client, _ = http(answer)
    with pytest.raises(UnreachableError, match="did not answer in time"):
        client.get("manifest.json")


def test_a_refusal_is_told_as_the_server_tells_it_and_not_repeated() -> None:
    body = b'{"detail":"Used.","status":409,"title":"No","type":"urn:undersigned:problem:code-used"}'
    client, pauses = http(lambda _: httpx.Response(409, headers=PROBLEM, content=body))
    with pytest.raises(ProblemError, match="Used") as caught:
        client.post("activate", {})
    assert (caught.value.code, pauses) == ("code-used", [])


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"type":1}', b"[" * 10_000])
def test_a_refusal_in_any_bytes_is_a_refusal(body: bytes) -> None:
    client, _ = http(lambda _: httpx.Response(409, headers=PROBLEM, content=body))
    with pytest.raises(ProblemError):
        client.get("x")


def test_nobody_is_sent_elsewhere() -> None:
    client, _ = http(lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(UndeliveredError, match="redirects"):
        client.get("manifest.json")


def test_an_endless_answer_ends() -> None:
    client, _ = http(lambda _: httpx.Response(200, content=bytes(MAX_ANSWER + 1)))
    with pytest.raises(AnswerError, match="larger than"):
        client.get("manifest.json")


@pytest.mark.parametrize("body", [b"{", b'{"a": 1}', b'{"a":1,"a":2}', b"\xff"])
def test_an_answer_that_is_not_canonical_is_refused(body: bytes) -> None:
    client, _ = http(lambda _: httpx.Response(200, content=body))
    with pytest.raises(AnswerError, match="canonical"):
        client.get_json("status")


def test_what_is_not_there_is_none_and_nothing_else_is() -> None:
    client, _ = http(lambda _: httpx.Response(404))
    assert client.find("editions/1/edition.json") is None
    client, _ = http(lambda _: httpx.Response(403))
    with pytest.raises(UndeliveredError, match="refused"):
        client.find("editions/1/edition.json")


def test_requests_say_nothing_about_who_makes_them() -> None:
    seen: list[httpx.Request] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        seen.append(asked)
        return httpx.Response(200, content=b"{}")

    client, _ = http(answer)
    client.get_json("status")
    assert seen[0].headers["user-agent"] == "undersigned"
    assert not {"cookie", "referer", "accept-language", "authorization"} & set(seen[0].headers)
