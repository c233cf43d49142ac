"""Fuzzing: no request makes the server fail (W1). A letter's life is recorded, then sent again with damage.

Every address of the site and every shape it takes is in what is recorded, with the organiser's and the trustees'
rights, so what is damaged gets past the edge. There is no list of addresses to keep up with: one that the life does not
use is found missing.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import get_resolver, resolve
from django.urls.exceptions import Resolver404

from undersigned.protocol import canonical
from undersigned.protocol.errors import ProtocolError

from . import people
from .conftest import Site
from .people import Answer

ROUNDS = 900
"""Damaged requests a run. CI uses the same seed each time; elsewhere each run is another."""
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 - 1, -(2**53) + 1, "", " ", "\x00", "a\x00b", "\u202e", "a\u0301",
    "\U0001d538" * 40, "x" * 3000, "A" * 43, "-", "=" * 8, "../../keys/organiser-token", "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "en", "%00", "'", "{{ 7 }}", [], {},
    [[]], [None], {"v": 1}, [0] * 50,
)  # fmt: skip
NUMBERS = ("0", "-1", "1.5", "00", "99999999999999999999", "١", "%00", "%FF", "a", "", "1e9", "1&from=2")
SEGMENTS = (
    "%00",
    "%FF",
    "..%2f..",
    "%E2%80%AE",
    "'",
    "a" * 300,
    "0",
    "999999",
    "-",
    "%0d%0aX: y",
    "en",
    "page.pdf",
    "%25",
)
HEADERS = (
    ("accept-language", "x;q=y, \xff, he;q=2"), ("accept-encoding", "gzip;q=foo, ,"), ("if-none-match", '"\xff", W/'),
    ("cookie", "csrftoken=\x01; a=b; ;="), ("authorization", "Bearer "), ("authorization", "Basic \xff"),
    ("content-type", "application/json; charset=\xff"), ("content-type", "multipart/form-data; boundary="),
    ("content-type", "application/x-www-form-urlencoded"), ("content-length", "-1"), ("range", "bytes=9-1"),
    ("origin", "null"), ("x-forwarded-for", "::1, \x00"), ("accept", "text/html, \xff"),
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request of the recorded life."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def record(site: Site) -> list[Sent]:
    """Everything that people of one published letter and one draft send, with who else reads it."""
    found: dict[tuple[str, str], Sent] = {}
    honest = site.call

    def listening(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        found[method, path] = Sent(method, path, body, dict(headers or {}))
        return honest(method, path, body, headers)

    site.call = listening  # type: ignore[method-assign]
    letter = site.letter()
    for person in letter.people[:3]:
        assert people.sign(letter, person).status == 201
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    site.make_edition(letter, {person.key for person in letter.people[1:3]})
    site.rounds()
    terms = {"paper": "254x533mm", "lang": "en", "imprint": "Paid for by nobody."}
    letter.post("bookings", {"deadline": "2030-01-01T00:00:00Z", "terms": terms}, **letter.auth)
    letter.post("bookings/1/revise", {"style": "run-in"}, **letter.auth)
    letter.post("review", {"edition": 1}, **letter.auth)
    for path in ("en/", "status", "seals?from=0", "bundle.zip", "editions/1/", "bookings", "bookings/1/page.pdf"):
        letter.get(path, **letter.auth)
    public = site.letter(public=True, check="codes")
    assert people.sign(public, public.people[0]).status == 201
    for path in ("form/en/code", "form/en/sign", "form/en/withdraw"):
        public.get(path)
        public.call("POST", f"/{public.slug}/{path}", b"name=Testperson&code=AAAA", FORM)
    for path in ("/healthz", "/healthz/database", "/code/en/", "/stop/AAAA", "/", "/integrity"):
        listening("GET", path)
        listening("POST", path, b"csrfmiddlewaretoken=x", FORM)
    site.call = honest  # type: ignore[method-assign]
    return list(found.values())


FORM = {"content-type": "application/x-www-form-urlencoded"}


def spoilt(sent: Sent, chance: random.Random) -> Sent:
    """The request with one thing wrong, sometimes two."""
    for _ in range(chance.choice((1, 1, 2))):
        sent = chance.choice(WAYS)(sent, chance)
    return sent


def _other_value(sent: Sent, chance: random.Random) -> Sent:
    try:
        value = canonical.decode(sent.body, limit=canonical.MAX_DOCUMENT)
    except ProtocolError:
        return _other_bytes(sent, chance)
    return Sent(sent.method, sent.path, _encoded(_changed(value, chance)), sent.headers)


def _encoded(value: Any) -> bytes:
    # As canonical JSON is written, but for what it would refuse to write: that goes to the server, too.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _changed(value: Any, chance: random.Random) -> Any:
    """``value`` with one part of it replaced, gone or added."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        deed = chance.random()
        if deed < 0.1:
            return {name: part for name, part in value.items() if name != key}
        if deed < 0.15:
            return {**value, "more": chance.choice(ODD)}
        return {**value, key: _changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return chance.choice((value * 2, value[:place], [*value[:place], _changed(value[place], chance)]))
    return chance.choice(ODD)


def _other_bytes(sent: Sent, chance: random.Random) -> Sent:
    body = bytearray(sent.body or b"{}")
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return Sent(sent.method, sent.path, bytes(body[: chance.randint(0, len(body))]), sent.headers)


def _other_path(sent: Sent, chance: random.Random) -> Sent:
    path = sent.path.partition("?")[0].split("/")
    place = chance.randrange(1, len(path))
    path[place] = chance.choice(SEGMENTS)
    return Sent(sent.method, "/".join(path), sent.body, sent.headers)


def _other_query(sent: Sent, chance: random.Random) -> Sent:
    name = chance.choice(("from", "lang", "q", "edition", "from=1&from"))
    return Sent(sent.method, f"{sent.path.partition('?')[0]}?{name}={chance.choice(NUMBERS)}", sent.body, sent.headers)


def _other_method(sent: Sent, chance: random.Random) -> Sent:
    method = chance.choice(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X" * 40))
    return Sent(method, sent.path, sent.body, sent.headers)


def _other_header(sent: Sent, chance: random.Random) -> Sent:
    name, value = chance.choice(HEADERS)
    return Sent(sent.method, sent.path, sent.body, {**sent.headers, name: value})


Way = Callable[[Sent, random.Random], Sent]
WAYS: tuple[Way, ...] = (
    *[_other_value] * 8, _other_bytes, _other_path, _other_path, _other_query, _other_method, _other_header,
)  # fmt: skip


def failures(site: Site, life: list[Sent], seed: int) -> list[tuple[Sent, int, bytes]]:
    """What was answered as a failure of the server."""
    chance, found = random.Random(seed), []
    for _ in range(ROUNDS):
        bad = spoilt(chance.choice(life), chance)
        answer = site.call(bad.method, bad.path, bad.body, bad.headers)
        if answer.status >= 500:
            found.append((bad, answer.status, answer.body))
    return found


def test_nothing_that_is_sent_makes_the_server_fail(site: Site) -> None:
    """Nine hundred damaged requests: each is answered, none by a failure; and afterwards the letter goes on."""
    seed = 1 if os.environ.get("CI") else random.randrange(2**32)
    found = failures(site, record(site), seed)
    assert not found, (seed, len(found), found[:3])
    letter = site.letter()
    assert people.sign(letter, letter.people[0]).status == 201
    site.rounds()
    assert letter.status()["count"] == 1


def test_a_view_that_fails_on_odd_values_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: one address forgets to look at what a value is, and is found out."""
    from undersigned.web.api import editions

    def careless(**given: Any) -> None:
        raise TypeError(str(given))

    life = record(site)
    monkeypatch.setattr(editions, "publish_edition", careless)
    assert failures(site, [sent for sent in life if sent.path.endswith("/publish")], 1)


def test_the_recorded_life_uses_every_address(site: Site) -> None:
    """A new address must be damaged too, or this test fails."""
    used = set()
    for sent in record(site):
        try:
            used.add(resolve(sent.path.partition("?")[0]).func)
        except Resolver404:
            continue
    missing = [str(pattern.pattern) for pattern in get_resolver().url_patterns if pattern.callback not in used]
    assert missing == []
