"""The email check: codes by real SMTP, one per address, and no data about a person revealed or kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from undersigned.protocol import codes
from undersigned.web.mail import actions
from undersigned.web.mail.addresses import Digests, parse_address
from undersigned.web.mail.messages import build_message
from undersigned.web.reader.words import read_catalog, spoken, words
from undersigned.web.records.models import Code, MailGranted, MailTally, MailWaiting

from . import people
from .conftest import on_disk
from .mailing import Browser, MailSite, mail, pooled_keys, text_of
from .people import Answer, Letter
from .test_privacy import hits
from .test_refusals import world_bytes

__all__ = ["mail", "pooled_keys"]
DAY = 86400


def mail_letter(mail: MailSite, **how: object) -> Letter:
    """A public letter for which addresses are checked."""
    return mail.site.letter(public=True, check="mail", size=0, **how)


def ask(letter: Letter, address: str, language: str = "en") -> Answer:
    """A person asks for a code, from a new browser."""
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/{language}/code")
    return browser.send(address=address)


def unmasked(answer: Answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    """An answer without what is random in each: the form's token and its cookie."""
    headers = {**answer.headers, "set-cookie": re.sub(r"form=\w+", "form=", answer.headers.get("set-cookie", ""))}
    body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.body)
    return answer.status, body, sorted(headers.items())


def test_an_address_gets_one_code_that_signs(mail: MailSite) -> None:
    """One email by real SMTP; asked again, nothing is sent; the letter knows the code in it."""
    letter = mail_letter(mail)
    assert ask(letter, "Tester.One@example.org").status == 200
    assert mail.post_round() == 1
    assert mail.sink.to == ["Tester.One@example.org"]
    assert len(mail.sink.codes()) == 1
    assert Code.objects.filter(letter__slug=letter.slug).count() == 1
    for again in ("tester.one@EXAMPLE.org", "tester.one+again@example.org"):
        assert ask(letter, again).status == 200
    assert mail.post_round(60) == 0
    assert not MailWaiting.objects.exists()
    assert Code.objects.filter(letter__slug=letter.slug).count() == 1
    other = mail_letter(mail)
    ask(other, "tester.one@example.org")
    assert mail.post_round(60) == 1, "another letter is another matter"


def states(mail: MailSite) -> tuple[Letter, dict[str, str]]:
    """A letter limited to one domain, and an address in each state there is."""
    letter = mail_letter(mail, domains=["example.org"])
    found = {"new": "new@example.org", "wrong domain": "new@example.com"}
    for state in ("has its code", "signed", "blocked", "waiting", "three mails today"):
        found[state] = f"{state.replace(' ', '-')}@example.org"
    ask(letter, found["has its code"])
    ask(letter, found["signed"])
    mail.post_round()
    Code.objects.filter(pk=Code.objects.earliest("pk").pk).update(used=True)
    digests = Digests(mail.world.keys.mail_secret())
    token = digests.stop_token(parse_address(found["blocked"]))
    letter.call("POST", f"/stop/{token}")
    address = parse_address(found["three mails today"])
    today = mail.site.clock.now // DAY
    MailTally.objects.create(digest=digests.of_day(today, address), day=today, number=3)
    ask(letter, found["waiting"])
    return letter, found


Seen = tuple[object, tuple[str, ...]]
"""An answer, and the statements it cost."""


def seen(mail: MailSite, letter: Letter, addresses: dict[str, str], statements: list[str]) -> dict[str, Seen]:
    """What an observer has of each state: the whole answer, and which statements it cost."""
    observed: dict[str, Seen] = {}
    for state, address in addresses.items():
        browser = Browser(letter.call)
        browser.open(f"/{letter.slug}/form/en/code")
        statements.clear()
        answer = browser.send(address=address)
        observed[state] = (unmasked(answer), tuple(statements))
    return observed


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement a request puts to the database, whatever thread it runs in."""
    from django.db.backends.utils import CursorWrapper

    noted: list[str] = []
    execute = CursorWrapper.execute

    def noting(self: CursorWrapper, sql: str, params: Any = None) -> object:
        noted.append(re.sub(r"s\d+_x\d+", "savepoint", str(sql)))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noting)
    return noted


def test_the_page_says_which_addresses_may_sign(mail: MailSite) -> None:
    """Before an address is asked for, and on the letter's page; never after, about one of them."""
    letter = mail_letter(mail, domains=["example.org", "hospital.example"])
    asked = letter.get("form/en/code").body.decode()
    assert "example.org</bdi>, <bdi" in asked
    assert "example.org, hospital.example" in letter.get("en/").body.decode()
    assert "hospital.example" not in ask(letter, "nobody@example.com").body.decode()


def test_every_address_is_answered_alike(mail: MailSite, statements: list[str]) -> None:
    """New, has its code, signed, waiting, blocked, of a wrong domain, mailed too often: same bytes, same statements."""
    letter, addresses = states(mail)
    observed = seen(mail, letter, addresses, statements)
    first = observed["new"]
    assert all(found == first for found in observed.values()), {s for s, f in observed.items() if f != first}
    assert first[1], "the statements were noted"
    assert mail.post_round(60) == 2, "of all these only the new and the waiting one get a mail"


def test_an_answer_that_looks_first_is_found_out(
    mail: MailSite, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: a registrar that looks for a granted code, and queues only if there is none, differs in statements."""
    letter, addresses = states(mail)
    honest = actions.queue_code

    def hasty(*, letter, address, **rest):  # type: ignore[no-untyped-def]
        digest = Digests(mail.world.keys.mail_secret()).of_letter(letter.letter, address)
        if not MailGranted.objects.filter(digest=digest).exists():
            honest(letter=letter, address=address, **rest)

    monkeypatch.setattr(actions, "queue_code", hasty)
    observed = seen(mail, letter, addresses, statements)
    assert observed["has its code"] != observed["new"]


def test_no_address_gets_more_than_three_mails_a_day(mail: MailSite) -> None:
    """However many letters, askers and spellings; two days later there may be more, and no tally is kept."""
    letters = [mail_letter(mail) for _ in range(4)]
    for letter in letters:
        for spelling in ("v.ictim@gmail.com", "victim+a@gmail.com", "vic.tim@googlemail.com", "VICTIM@gmail.com"):
            assert ask(letter, spelling).status == 200
    for _ in range(3):
        mail.post_round(600)
    assert len(mail.sink.raw) == 3
    assert not MailWaiting.objects.exists()
    mail.site.clock.now += 2 * DAY
    mailed = MailGranted.objects.values_list("letter__slug", flat=True)
    ask(next(letter for letter in letters if letter.slug not in mailed), "victim@gmail.com")
    assert mail.post_round(600) == 1
    assert MailTally.objects.count() == 1


def test_never_mail_me_is_a_button_and_one_click_of_a_mail_program(mail: MailSite) -> None:
    """The link in the email shows a button and changes nothing; once pressed, no email of the letter comes any more."""
    letter, other = mail_letter(mail), mail_letter(mail)
    ask(letter, "tester@example.org")
    mail.post_round()
    found = mail.sink.mails[0]
    link = str(found["List-Unsubscribe"]).strip(" <>").removeprefix("http://127.0.0.1:8000")
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in text_of(found)
    browser = Browser(letter.call)
    before = world_bytes()
    assert browser.open(link).status == 200
    assert world_bytes() == before
    # As a mail program does it: no page, no cookie.
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert letter.call("POST", link, b"List-Unsubscribe=One-Click", kind).status == 200
    assert browser.send().status == 200
    ask(other, "tester@example.org")
    assert mail.post_round(60) == 0
    assert letter.call("POST", link.replace("/stop/", "/stop/A"), b"", kind).status == 404


def test_mail_waits_while_the_server_is_down(mail: MailSite) -> None:
    """An hour without a mail server: no request is lost or sent twice, no code exists before its email is sent."""
    letter = mail_letter(mail)
    addresses = [f"tester{i}@example.org" for i in range(8)]
    mail.sink.stop()
    for address in addresses:
        ask(letter, address)
    for _ in range(6):
        assert mail.post_round(600) == 0
        mail.restart()
    assert MailWaiting.objects.count() == 8
    assert not Code.objects.filter(letter__slug=letter.slug).exists()
    mail.sink.start()
    for _ in range(3):
        mail.post_round(3700)
    assert sorted(mail.sink.to) == addresses
    assert Code.objects.filter(letter__slug=letter.slug).count() == 8
    assert len(set(mail.sink.codes())) == 8
    assert not MailWaiting.objects.exists()


def test_a_server_that_says_later_or_never(mail: MailSite) -> None:
    """Not now (450): tried again, and not counted. Never (550): address and code are gone."""
    letter = mail_letter(mail)
    ask(letter, "tester@example.org")
    mail.sink.answer = "450 later"
    for _ in range(5):
        assert mail.post_round(3700) == 0
    assert MailWaiting.objects.get().tries == 5
    assert not Code.objects.filter(letter__slug=letter.slug).exists()
    mail.sink.answer = "250 OK"
    assert mail.post_round(3700) == 1
    ask(letter, "other@example.org")
    mail.sink.answer = "550 never"
    assert mail.post_round(60) == 0
    assert not MailWaiting.objects.exists()
    assert Code.objects.filter(letter__slug=letter.slug).count() == 1


def test_a_mail_that_may_have_arrived_leaves_one_code(mail: MailSite) -> None:
    """The connection breaks after the email was accepted: it is sent once more, and only the newest code works."""
    letter = mail_letter(mail)
    ask(letter, "tester@example.org")
    mail.sink.break_after = True
    assert mail.post_round() == 0
    mail.sink.break_after = False
    mail.restart()
    assert mail.post_round(3700) == 1
    first, second = mail.sink.codes()
    assert first != second
    browser = Browser(letter.call)
    for code, status in ((first, 422), (second, 200)):
        browser.open(f"/{letter.slug}/form/en/sign")
        browser.send(code=code)
        assert browser.send(**{"as": "anonymous", "group": "retired"}).status == status
    assert Code.objects.filter(letter__slug=letter.slug).count() == 1


def test_a_broken_mail_whose_code_was_used_is_not_sent_again(mail: MailSite) -> None:
    """If the doubtful email did arrive and its code signed, the address does not get a second signature."""
    letter = mail_letter(mail)
    ask(letter, "tester@example.org")
    mail.sink.break_after = True
    mail.post_round()
    mail.sink.break_after = False
    Code.objects.filter(letter__slug=letter.slug).update(used=True)
    assert mail.post_round(3700) == 0
    assert len(mail.sink.raw) == 1
    assert not MailWaiting.objects.exists()
    assert Code.objects.filter(letter__slug=letter.slug).count() == 1
    ask(letter, "tester@example.org")
    assert mail.post_round(60) == 0, "the address has had its code"


def test_after_sending_the_address_is_nowhere(mail: MailSite, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the database, its write-ahead log, any file or any line of the log; neither is the code."""
    letter = mail_letter(mail)
    address = "canary.address@example.org"
    ask(letter, address)
    sealed = bytes(MailWaiting.objects.get().sealed)
    assert sealed[12:60] in on_disk(), "control: while it waits the row is there"
    assert hits(settings.DATA.root, [address, "canary"]) == [], "and even then nothing can be read without keys/mail"
    assert mail.post_round() == 1
    # In one process the readers' snapshots are our own: the next round finds none in its way.
    mail.post_round(1)
    assert sealed[12:60] not in on_disk()
    code = mail.sink.codes()[0]
    assert hits(settings.DATA.root, [address, "canary", code, code.replace("-", "")[1:]]) == []
    assert "canary" not in caplog.text
    connections.close_all()


def test_mails_betray_no_letter(mail: MailSite) -> None:
    """In every language: subject, sender, headers and body hold no title, text, word of the address or name."""
    letter = mail_letter(mail)
    ask(letter, "tester@example.org", "he")
    ask(letter, "second@example.org", "en")
    mail.post_round()
    assert len(mail.sink.mails) == 2
    secrets = [letter.slug, letter.l, *letter.manifest.title.values(), "water", "מים", "Reserve", "undersigned"]
    for raw, found in zip(mail.sink.raw, mail.sink.mails, strict=True):
        read = f"{found.items()}\n{text_of(found)}\n{raw.decode()}"
        assert not [word for word in secrets if word in read]
        assert found["From"] == "letters@site.example.org"
        assert not set(found.keys()) & {"List-Id", "X-Mailer", "Reply-To"}


def test_no_mail_has_a_place_for_words_of_others() -> None:
    """The templates of all languages take the code, our own host and our own links; nothing else fits in."""
    for language in spoken():
        for name, text in read_catalog(language).items():
            if name.startswith("mail_"):
                places = set(re.findall(r"{(\w*)", text))
                assert places <= {"code", "host", "page", "link", "stop"}, (language, name)
                assert "letter" not in name or not name.endswith("subject")
    made = build_message(
        "code", code="S-1", to="t@example.org", sender="s@example.org", site="https://h.example", language="xx",
        stop="t", entropy=bytes,
    )  # fmt: skip
    assert "https://h.example/code/en/#S-1" in made.body


@pytest.mark.parametrize(
    "typed", ["", "nobody", "a@b", "a b@example.org", "x@example.org\r\nBcc: y@example.org", "é@example.org"]
)
def test_an_invalid_address_gets_an_error_and_stays_in_the_form(mail: MailSite, typed: str) -> None:
    """The person sees what is wrong and what they typed; nothing is queued."""
    letter = mail_letter(mail)
    answer = ask(letter, typed)
    assert answer.status == 422
    assert words("en")["error_address"] in answer.body.decode()
    assert not MailWaiting.objects.exists()


def test_a_mailed_code_activates_a_sealed_letter_too(mail: MailSite) -> None:
    """The code is one like any other: the signer's own device blinds, seals and signs. The form leads on to it."""
    letter = mail.site.letter(check="mail", size=0)
    ask(letter, "tester@example.org")
    assert mail.post_round() == 1
    spelt = mail.sink.codes()[0]
    browser = Browser(letter.call)
    browser.open("/code/en/")
    assert browser.send(code=spelt).status == 200
    assert "sealed in this browser" in browser.text
    assert f'href="/{letter.slug}/en/sign/#{letter.l}.{spelt}"' in browser.text
    signer = people.Signer(codes.parse_code("S", spelt), people.invented(1))
    assert people.sign(letter, signer).status == 201
    mail.site.rounds()
    assert letter.status()["count"] == 1


def test_addresses_do_not_wait_for_ever(mail: MailSite) -> None:
    """Three days without a mail server, and the address is erased."""
    letter = mail_letter(mail)
    mail.sink.stop()
    ask(letter, "tester@example.org")
    mail.post_round(2 * DAY)
    assert MailWaiting.objects.count() == 1
    mail.post_round(DAY + 1)
    assert not MailWaiting.objects.exists()
