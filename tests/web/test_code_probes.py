"""The keeper of the access codes cannot learn from the site who has signed, without using codes up (V9).

Every refusal there is, for one code before and after it is used, and for a code that does not exist: the same
status, headers and bytes, for the same statements. And every statement made to fail in turn, both times.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, codes, roll
from undersigned.web import problems
from undersigned.web.edge import intake
from undersigned.web.forms import actions
from undersigned.web.forms.client import make_signature
from undersigned.web.records.models import Code, Use
from undersigned.web.records.models import Letter as Row
from undersigned.web.signing import committer, registrar
from undersigned.web.signing.actions import take_entries
from undersigned.web.signing.actions.use_codes import CodeUse, check_open, use_codes

from . import people
from .conftest import Site, used_codes
from .mailing import Browser, MailSite, mail, pooled_keys
from .people import JSON, Answer, Letter, Signer

__all__ = ["mail", "pooled_keys"]
FORM = "application/x-www-form-urlencoded"


@dataclass
class Watch:
    """Every statement put to the database, in whatever thread; the one numbered ``failing`` fails."""

    said: list[str] = field(default_factory=list)
    failing: int | None = None

    def begin(self, failing: int | None = None) -> None:
        """From here on."""
        self.said.clear()
        self.failing = failing


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Notes statements, and makes one of them fail as a database does that does not answer."""
    watching = Watch()
    execute = CursorWrapper.execute

    def noting(self: CursorWrapper, sql: str, params: Any = None) -> object:
        watching.said.append(re.sub(r"s\d+_x\d+", "savepoint", str(sql)))
        if watching.failing == len(watching.said) - 1:
            raise OperationalError("database is locked")
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noting)
    return watching


@dataclass(frozen=True)
class Seen:
    """All that an outsider can see of a response, and what it cost. Random values and the code itself are left out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statements: tuple[str, ...]


def seen(answer: Answer, watch: Watch, code: bytes) -> Seen:
    """``answer`` without what is random or was typed."""
    # The cookie's value is random, and it ends an hour after the answer.
    cookie = re.sub(r"form=\w+|expires=[^;]+", "", answer.headers.get("set-cookie", ""))
    headers = {**answer.headers, "set-cookie": cookie}
    body = re.sub(rb'value="[A-Za-z0-9]{64}"', b"", answer.body)
    body = re.sub(rb"W(-[0-9A-Z]{4}){5}", b"W", body).replace(codes.format_code("S", code).encode(), b"S")
    headers.pop("content-length", None)
    return Seen(answer.status, tuple(sorted(headers.items())), body, tuple(watch.said))


def problem_in(answer: Answer) -> str:
    """The last word of a problem's type."""
    return str(answer.json["type"]).rpartition(":")[2] if "problem+json" in answer.headers["content-type"] else ""


Send = Callable[[Letter, Signer], Answer]
Around = Callable[[Site, Letter], AbstractContextManager[None]]


def asking(letter: Letter, signer: Signer, **change: Any) -> dict[str, Any]:
    """A good question with this code, changed."""
    return {**people.ask(letter, replace(signer)).body, **change}


def activate(**change: Any) -> Send:
    """POST activate with other fields. A function instead of a value is asked for it."""

    def send(letter: Letter, signer: Signer) -> Answer:
        fields = {name: value(letter) if callable(value) else value for name, value in change.items()}
        return letter.post("activate", asking(letter, signer, **fields))

    return send


def number(shift: int) -> Callable[[Letter], str]:
    """The registrar's modulus plus this, as a blinded value."""

    def spell(letter: Letter) -> str:
        n = people._public(letter.manifest.registrars[0]).public_numbers().n
        return b64.encode((n + shift).to_bytes(384, "big"))

    return spell


def bytes_of(make: Callable[[bytes], bytes], path: str = "activate", kind: str = "application/json") -> Send:
    """A good question's bytes, changed."""

    def send(letter: Letter, signer: Signer) -> Answer:
        body = make(canonical.encode(asking(letter, signer)))
        return letter.call("POST", f"/{letter.slug}/{path}", body, {"content-type": kind})

    return send


def by(method: str, headers: dict[str, str]) -> Send:
    """A good question, asked another way."""
    return lambda letter, signer: letter.call(
        method, f"/{letter.slug}/activate", canonical.encode(asking(letter, signer)), headers
    )


def elsewhere(letter: Letter, signer: Signer) -> Answer:
    """Of a letter there is not."""
    return people.post(letter.call, "/nowhere/activate", asking(letter, signer))


@contextmanager
def row(_: Site, letter: Letter, **state: bool) -> Iterator[None]:
    """The letter in another state."""
    before = Row.objects.filter(slug=letter.slug).values("open", "abandoned", "halted").get()
    Row.objects.filter(slug=letter.slug).update(**state)
    yield
    Row.objects.filter(slug=letter.slug).update(**before)


@contextmanager
def set_to(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Something else for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, value)
        yield


def full_disk(site: Site, _: Letter) -> AbstractContextManager[None]:
    """The room for withdrawals has been given up."""
    return set_to(type(site.world.reserve), "is_held", lambda _: False)


def late(site: Site, _: Letter) -> AbstractContextManager[None]:
    """The event loop is far behind."""
    return set_to(site.application._beat, "_seen", time.monotonic() - 100)


def nothing(_: Site, __: Letter) -> AbstractContextManager[None]:
    """All is as it should be."""
    return nullcontext()


GOOD = activate()
WAYS: dict[str, tuple[Send, Around, str]] = {
    "not a POST": (by("PUT", JSON), nothing, "method-not-allowed"),
    "another type": (by("POST", {"content-type": FORM}), nothing, "unsupported-type"),
    "another host": (by("POST", {**JSON, "host": "elsewhere.example"}), nothing, "malformed"),
    "no JSON": (bytes_of(lambda body: body[:-1]), nothing, "malformed"),
    "stray space": (bytes_of(lambda body: body.replace(b",", b", ")), nothing, "malformed"),
    "too large": (bytes_of(lambda body: body + b" " * 70_000), nothing, "too-large"),
    "unknown field": (activate(more=1), nothing, "malformed"),
    "no number": (activate(blinded=7), nothing, "malformed"),
    "not base64url": (activate(blinded="=" * 512), nothing, "malformed"),
    "short": (activate(blinded="AAAA"), nothing, "malformed"),
    "long": (activate(blinded=b64.encode(bytes(383) + b"\x02\x02")), nothing, "malformed"),
    "nought": (activate(blinded=b64.encode(bytes(384))), nothing, "malformed"),
    "the modulus": (activate(blinded=number(0)), nothing, "malformed"),
    "above it": (activate(blinded=number(1)), nothing, "malformed"),
    "far above it": (activate(blinded=b64.encode(b"\xff" * 384)), nothing, "malformed"),
    "no such letter": (elsewhere, nothing, "letter-unknown"),
    "not approved": (GOOD, partial(row, open=False), "letter-closed"),
    "abandoned": (GOOD, partial(row, abandoned=True), "letter-closed"),
    "halted": (GOOD, partial(row, halted=True), "busy"),
    "full disk": (GOOD, full_disk, "full"),
    "late loop": (GOOD, late, "busy"),
    "many computing": (GOOD, lambda site, _: set_to(site.application._intake, "_computing", 10_000), "busy"),
    "many waiting": (GOOD, lambda *_: set_to(committer, "MAX_WAITING", 0), "busy"),
}
USES_UP_OR_SAYS_NOTHING_OF_USE = {"code-used", "code-unknown"}
"""The first comes only where an unused code would have been used up; who holds the list knows which codes there are."""
FAULTS = {"failed"}
"""Of statements that fail: ``test_a_statement_that_fails_...``."""
NEVER = {
    "not-authorized", "credential-invalid", "signature-invalid", "not-found", "key-withdrawn", "duplicate", "sequence",
    "condition-unmet", "object-mismatch", "share-mismatch", "log-inconsistent",
}  # fmt: skip
"""Of other acts."""


def unknown() -> Signer:
    """A code that does not exist."""
    return Signer(codes.code_from(os.urandom(20)), people.invented(0))


def tried(site: Site, letter: Letter, watch: Watch, signer: Signer) -> dict[str, Seen]:
    """Every refusal, with this code."""
    found = {}
    for way, (send, around, expected) in WAYS.items():
        with around(site, letter):
            watch.begin()
            answer = send(letter, signer)
        assert problem_in(answer) == expected, (way, answer.body)
        found[way] = seen(answer, watch, signer.code)
    return found


def differences(before: dict[str, Seen], after: dict[str, Seen]) -> list[str]:
    """Where two codes are told apart."""
    return [way for way in before if before[way] != after[way]]


def is_used(letter: Letter, signer: Signer) -> bool:
    """Whether the code has been used."""
    hashed = b64.encode(roll.token_hash(roll.place(signer.code, letter.rid).token))
    return hashed in used_codes(letter.slug)


def test_every_refusal_of_an_activation_is_the_same_for_used_unused_and_unknown_codes(site: Site, watch: Watch) -> None:
    """Status, headers, bytes and statements; and no code is looked up for any of them."""
    letter = site.letter(size=2)
    signer = letter.people[0]
    GOOD(letter, letter.people[1])  # the letter is cached by now, whichever request comes first
    before, none = tried(site, letter, watch, signer), tried(site, letter, watch, unknown())
    assert not is_used(letter, signer), "nothing was used up"
    people.activate(letter, signer)
    after = tried(site, letter, watch, signer)
    assert differences(before, after) == []
    assert differences(before, none) == []
    assert not [way for way, found in before.items() if any("letters_code" in sql for sql in found.statements)]


def test_there_is_no_other_refusal() -> None:
    """Every problem is listed here with what an activation that gets it reveals about codes."""
    tested = {expected for _, _, expected in WAYS.values()}
    assert tested | USES_UP_OR_SAYS_NOTHING_OF_USE | FAULTS | NEVER == set(problems._KINDS)


def test_a_question_that_may_use_a_code_up_costs_the_same_for_a_used_one(
    site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same statements, one blind operation, one transaction: only the answer says that it was used, and uses it up."""
    letter = site.letter(size=2)
    computed: list[bytes] = []
    sign = registrar.sign_blindly

    def noted(*given: Any) -> bytes:
        computed.append(given[1])
        return sign(*given)

    monkeypatch.setattr(registrar, "sign_blindly", noted)
    costs = []
    for signer, status in ((letter.people[0], 200), (letter.people[0], 409), (letter.people[1], 200)):
        watch.begin()
        answer = GOOD(letter, signer)
        assert answer.status == status
        costs.append((tuple(watch.said), len(computed)))
        computed.clear()
    assert costs[0] == costs[1] == costs[2]
    assert sum("UPDATE letters_code" in sql or "INTO letters_use" in sql for sql in costs[0][0]) == 1
    assert GOOD(letter, unknown()).status == 403
    assert computed == [], "strangers have nothing computed"


def test_a_statement_that_fails_says_nothing_of_the_code(site: Site, watch: Watch) -> None:
    """Each statement of an activation in turn, with the code unused and then used; up to the look-up, unknown too."""
    letter = site.letter(size=2)
    signer = letter.people[0]
    # A real site stops after some of these; here it goes on, to be asked again.
    site.application._committer._on_failure = lambda _: None
    watch.begin()
    assert GOOD(letter, letter.people[1]).status == 200
    statements = list(watch.said)
    lookup = next(i for i, sql in enumerate(statements) if "letters_code" in sql)

    def every(who: Signer, end: int) -> dict[str, Seen]:
        found = {}
        for i in range(end):
            watch.begin()
            # After "busy" the letter itself is looked up again; another request does it, so that numbers stay.
            assert GOOD(letter, unknown()).status == 403
            watch.begin(failing=i)
            answer = GOOD(letter, who)
            assert answer.status in (500, 503), (statements[i], answer.body)
            found[statements[i]] = seen(answer, watch, who.code)
        watch.begin()
        return found

    before, none = every(signer, len(statements)), every(unknown(), lookup + 1)
    assert not is_used(letter, signer)
    people.activate(letter, signer)
    assert differences(before, every(signer, len(statements))) == []
    assert differences(none, before) == []


def old_answer(self: intake.Intake, use: CodeUse) -> Any:
    """What was done before: the code is looked up first, and what it was asked decides at once."""
    row = Code.objects.filter(letter=use.letter.pk, token_hash=use.token_hash).first()
    if row is None:
        raise problems.Problem("code-unknown", "There is no such access code for this letter. Nothing was kept.")
    used = Use.objects.filter(letter=use.letter.pk, token_hash=use.token_hash).first() or (row if row.used else None)
    if used is not None and bytes(used.blinded) != use.blinded:
        raise problems.Problem("code-used", "This access code has been used in another session. Nothing was changed.")
    check_open(use.letter)
    if not self._world.reserve.is_held():
        raise problems.full()
    return replace(use, answer=registrar.sign_blindly(use.letter.registrar, use.blinded, self._world.entropy))


def test_the_old_order_of_checks_is_caught(site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with the look-up first, an impossible value, a closed letter and a full disk tell used from unused."""
    letter = site.letter(size=2)
    signer = letter.people[0]
    GOOD(letter, letter.people[1])
    monkeypatch.setattr(intake, "check_blinded", lambda *_: None)
    monkeypatch.setattr(intake.Intake, "_answer", old_answer)
    told = {}
    ways = ("nought", "the modulus", "above it", "far above it", "not approved", "abandoned", "halted", "full disk")
    for state in ("unused", "used"):
        for way in ways:
            send, around, _ = WAYS[way]
            with around(site, letter):
                watch.begin()
                told[state, way] = seen(send(letter, signer), watch, signer.code)
        if state == "unused":
            assert not is_used(letter, signer), "so that it could be asked again and again"
            people.activate(letter, signer)
    assert [way for way in ways if told["unused", way] != told["used", way]] == list(ways)


# box


def test_the_box_is_the_same_before_and_after_its_code_was_used(site: Site, watch: Watch) -> None:
    """It holds the record, uses nothing up, does not read its use, and answers when the letter is closed too."""
    letter = site.letter(size=2)
    signer = letter.people[0]
    place = roll.place(signer.code, letter.rid)

    def box(who: Signer = signer, **change: Any) -> Answer:
        token = b64.encode(roll.place(who.code, letter.rid).token)
        watch.begin()
        return letter.post("box", {"token": token, **change})

    box()
    first = seen(box(), watch, signer.code)
    assert first.status == 200
    answer = canonical.decode(first.body)
    assert roll.open_box(place, b64.decode(answer["leaf"]), b64.decode(answer["box"])) == signer.record
    assert not is_used(letter, signer)
    assert not any('"used"' in sql or " used" in sql for sql in first.statements)
    people.activate(letter, signer)
    assert seen(box(), watch, signer.code) == first
    for state in ({"abandoned": True}, {"halted": True}, {"open": False}):
        with row(site, letter, **state):
            assert seen(box(), watch, signer.code) == first
    assert problem_in(box(unknown())) == "code-unknown"
    assert problem_in(box(token="AAAA")) == "malformed"
    assert problem_in(box(more=1)) == "malformed"
    assert problem_in(letter.call("GET", f"/{letter.slug}/box")) == "method-not-allowed"
    without = site.letter(public=True, check="codes", size=1)
    token = b64.encode(roll.place(without.people[0].code, without.rid).token)
    assert without.post("box", {"token": token}).json == {"box": None, "leaf": None}


# Forms without JavaScript


CHOICE = {"as": "name", "name": "Testperson Probe", "title": "", "group": "retired"}
SPENT = {**CHOICE, "as": "initials", "initials": "T. P."}
FORM_WAYS: dict[str, tuple[dict[str, str], Around, int]] = {
    "no way": ({"as": "sideways"}, nothing, 422),
    "no name": ({"name": ""}, nothing, 422),
    "an invalid name": ({"name": "A\u202eb"}, nothing, 422),
    "no group": ({"group": "nobody"}, nothing, 422),
    "initials too long": ({"as": "initials", "initials": "It is I, who else"}, nothing, 422),
    "a title of symbols": ({"title": "!!!"}, nothing, 422),
    "an address that is none": ({"address": "x"}, nothing, 422),
    "not our form": ({"csrfmiddlewaretoken": "x"}, nothing, 403),
    "not approved": ({}, partial(row, open=False), 409),
    "abandoned": ({}, partial(row, abandoned=True), 409),
    "halted": ({}, partial(row, halted=True), 503),
    "full disk": ({}, full_disk, 503),
}

THE_ROLL_KNOWS = {"no name", "an invalid name", "no group", "a title of symbols"}
"""With a roll these fields are not there, and nothing that is sent for them is looked at."""


def form_seen(site: Site, letter: Letter, watch: Watch, signer: Signer, spent: str) -> dict[str, Seen]:
    """Every refusal of the form, with this code, and what its first step shows. ``spent``: a withdrawal code that has
    signed already, with which the last step is answered as a form that is sent twice."""
    browser = Browser(letter.call)
    found = {}
    ways = {
        **FORM_WAYS,
        "a form sent before": ({"withdrawal": spent, **SPENT}, nothing, 200),
        "another form with its withdrawal code": ({"withdrawal": spent, "as": "anonymous"}, nothing, 200),
    }
    for way, (fields, around, status) in ways.items():
        if letter.manifest.eligibility.check == "roll" and way in THE_ROLL_KNOWS:
            continue
        browser.open(f"/{letter.slug}/form/en/sign")
        watch.begin()
        answer = browser.send(code=codes.format_code("S", signer.code))
        found["first step"] = seen(answer, watch, signer.code)
        if answer.status == 200:
            with around(site, letter):
                watch.begin()
                answer = browser.send(**{**CHOICE, **fields})
            assert answer.status == status, (way, answer.body)
            found[way] = seen(answer, watch, signer.code)
    return found


@pytest.mark.parametrize("check", ["codes", "roll"])
def test_every_refusal_of_the_forms_is_the_same_for_used_unused_and_unknown_codes(
    site: Site, watch: Watch, check: str
) -> None:
    """Also with a withdrawal code that has signed, which makes the last step end without using the code up."""
    letter = site.letter(public=True, check=check, size=3)
    spent = signed(letter, letter.people[1])
    signer = letter.people[0]
    before, none = (form_seen(site, letter, watch, who, spent) for who in (signer, unknown()))
    assert not is_used(letter, signer)
    people.activate(letter, signer)
    assert differences(before, form_seen(site, letter, watch, signer, spent)) == []
    if check == "codes":
        assert differences(before, none) == []
        looked = [way for way, found in before.items() if any("letters_code" in sql for sql in found.statements)]
        assert looked == [], "the code is looked up on the last step only, if everything else is right"
    else:
        # The first step shows the holder who they are, and says that there is no such code, both as `box` does.
        assert none["first step"].status == 422


def signed(letter: Letter, signer: Signer) -> str:
    """A person signs with the form; returns their withdrawal code."""
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    browser.send(code=codes.format_code("S", signer.code))
    assert browser.send(**SPENT).status == 200, browser.text
    return browser.code("withdrawal")


def test_a_last_step_that_may_use_a_code_up_does_the_same_for_a_used_one(site: Site, watch: Watch) -> None:
    """The same statements up to the code's own, which comes last: an unused one is used up by it. What the page that
    refuses a used one then looks up is no sign that could be had without that."""
    letter = site.letter(public=True, check="codes", size=2)
    costs = []
    for status in (200, 409):
        browser = Browser(letter.call)
        browser.open(f"/{letter.slug}/form/en/sign")
        browser.send(code=codes.format_code("S", letter.people[0].code))
        watch.begin()
        assert browser.send(**CHOICE).status == status
        costs.append([sql for sql in watch.said if "SAVEPOINT" not in sql])
    own = [
        next(n for n, sql in enumerate(cost) if "UPDATE letters_code" in sql or "INTO letters_use" in sql)
        for cost in costs
    ]
    assert own[0] == len(costs[0]) - 1
    costs = [cost[: at + 1] for cost, at in zip(costs, own, strict=True)]
    # The first entry of a batch opens it.
    steady = [[sql for sql in cost if "signing_batch" not in sql] for cost in costs]
    assert steady[0] == steady[1]


def test_a_form_that_uses_the_code_first_is_caught(site: Site, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with the code first, one spent withdrawal code tells used from unused, any number of times."""
    letter = site.letter(public=True, check="codes", size=3)
    spent = signed(letter, letter.people[1])
    take = take_entries

    def code_first(batch: Any, *, now: int) -> Any:
        use, _ = made.pop()
        (found,) = use_codes([use], now=now)
        if isinstance(found, problems.Problem):
            raise found
        return take(batch, now=now)

    made: list[Any] = []

    def make(*given: Any) -> Any:
        made.append(make_signature(*given))
        return made[-1]

    monkeypatch.setattr(actions, "make_signature", make)
    monkeypatch.setattr(actions, "take_entries", code_first)
    signer = letter.people[0]

    def probe() -> int:
        browser = Browser(letter.call)
        browser.open(f"/{letter.slug}/form/en/sign")
        browser.send(code=codes.format_code("S", signer.code))
        return browser.send(**CHOICE, withdrawal=spent).status

    assert (probe(), is_used(letter, signer)) == (200, False)
    people.activate(letter, signer)
    assert probe() == 409


def test_the_page_that_finds_a_letter_by_its_code_says_nothing_of_use(mail: MailSite, watch: Watch) -> None:
    """Where links in emails lead: the same page for a code before and after it was used."""
    letter = mail.site.letter(public=True, check="mail", size=0)
    signer = unknown()
    hashed = b64.encode(roll.token_hash(roll.place(signer.code, letter.rid).token))
    Code.objects.create(letter=Row.objects.get(slug=letter.slug), token_hash=hashed)

    def shown() -> Seen:
        browser = Browser(letter.call)
        browser.open("/code/en/")
        watch.begin()
        return seen(browser.send(code=codes.format_code("S", signer.code)), watch, signer.code)

    before = shown()
    assert before.status == 200
    people.activate(letter, signer)
    assert is_used(letter, signer)
    assert shown() == before
