"""Signing and withdrawing without JavaScript, as a person with a plain browser does it."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from undersigned.protocol import codes, entries
from undersigned.web.forms import actions
from undersigned.web.problems import Problem, busy, full, halted, unsure
from undersigned.web.reader.words import words
from undersigned.web.records.models import MailWaiting, SealedObject

from .conftest import Site, used_codes
from .mailing import Browser, MailSite, Sink, mail, pooled_keys, smtp, text_of
from .people import Answer, Letter
from .server import Server, database_for, free_port, until
from .test_life import bundle_of, outcome
from .test_refusals import world_bytes

__all__ = ["mail", "pooled_keys"]


def code_of(letter: Letter, number: int = 0) -> str:
    """A person's access code, as printed."""
    return codes.format_code("S", letter.people[number].code)


def filled_in(letter: Letter, number: int = 0, **fields: str) -> Browser:
    """A browser that has signed."""
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    assert browser.send(code=code_of(letter, number).lower()).status == 200
    chosen = {"as": "name", "name": "Testperson Plain", "title": "Capt.", "group": "reserve", **fields}
    browser.send(**chosen)
    return browser


def test_a_person_signs_and_withdraws_without_javascript(site: Site) -> None:
    """Code, name, group, title; a withdrawal code, once; later, in another browser: code, sure, done. It verifies."""
    letter = site.letter(public=True, check="codes", size=3)
    browser = filled_in(letter)
    assert browser.answer.status == 200
    withdrawal = browser.code("withdrawal")
    assert codes.parse_code("W", withdrawal)
    assert "Max-Age=3600" in browser.answer.headers["set-cookie"], "an hour is left to load the page again"
    links = re.findall(r"<a [^>]*>", browser.text)
    assert links
    assert all('target="_blank" rel="noopener"' in link for link in links), "no link of the page loses the code"
    site.clock.now += 60
    site.rounds()
    assert letter.status()["count"] == 1
    assert "Testperson Plain" in letter.get("objects.jsonl").body.decode()
    other = Browser(letter.call)
    other.open(f"/{letter.slug}/form/en/withdraw")
    assert other.send(code=withdrawal).status == 200
    assert letter.status()["withdrawn"] == 0, "being asked changes nothing"
    assert other.send().status == 200
    site.clock.now += 60
    site.rounds()
    assert letter.status()["count"] == 0
    assert letter.get("objects.jsonl").body == b""
    assert outcome(letter) == "valid"


def test_what_was_signed_this_way_is_published_and_verified(site: Site) -> None:
    """A name, initials, no name: the edition has them, and a stranger's verifier agrees."""
    letter = site.letter(public=True, check="codes", size=4)
    filled_in(letter, 0)
    filled_in(letter, 1, **{"as": "initials", "initials": "T. P.", "name": "forgotten"})
    filled_in(letter, 2, **{"as": "anonymous", "group": "retired"})
    site.rounds()
    site.cut(letter)
    assert site.publish(letter).status == 201
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"
    counts = letter.get("editions/1/edition.json").json["counts"]
    assert (counts["named"], counts["initials"], counts["anonymous"]) == (1, 1, 1)
    assert counts["groups"] == {"reserve": 2, "retired": 1}
    assert b"forgotten" not in b"".join(bundle_of(letter).values())


def test_with_a_roll_the_name_is_the_records(site: Site) -> None:
    """A person on the roll is shown their record and can sign only with it; the verifier calls it verified."""
    letter = site.letter(public=True, check="roll", size=2)
    browser = filled_in(letter, 0, name="Somebody Else")
    assert browser.answer.status == 200
    site.rounds()
    site.cut(letter)
    assert site.publish(letter).status == 201
    (row,) = letter.get("editions/1/edition.json").json["roll"]
    assert (row["name"], row["verified"]) == (letter.people[0].record.name, True)


def test_the_same_form_sent_twice_signs_once(site: Site) -> None:
    """The first answer was lost: the second one is the same, with the same code. A changed form does not replace it."""
    letter = site.letter(public=True, check="codes", size=2)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    browser.send(code=code_of(letter))
    kept, cookies = dict(browser.form), dict(browser.cookies)
    fields = {"as": "name", "name": "Testperson Twice", "group": "reserve"}
    browser.send(**fields)
    first = browser.code("withdrawal")
    for name in ("Testperson Twice", "Testperson Thrice"):
        browser.form, browser.cookies = dict(kept), dict(cookies)
        assert browser.send(**{**fields, "name": name}).status == 200
        assert browser.code("withdrawal") == first
        site.rounds()
    assert letter.status()["signed"] == 1
    assert SealedObject.objects.filter(letter__slug=letter.slug).count() == 1
    assert b"Thrice" not in bytes(SealedObject.objects.get(letter__slug=letter.slug).body)
    browser.open(f"/{letter.slug}/form/en/sign")
    assert browser.send(code=code_of(letter)).status == 200, "the form does not say yet that the code has been used"
    assert browser.send(**fields).status == 409
    assert words("en")["problem_code_used"] in browser.text


def again(browser: Browser, form: dict[str, str], path: str) -> Answer:
    """The page is loaded again: the browser sends what it sent, with the cookies it has by now."""
    browser.form, browser.action = dict(form), path
    return browser.send()


def test_the_page_with_the_withdrawal_code_can_be_loaded_again(site: Site) -> None:
    """Reloading it shows the same code, however often, also once the letter takes no more; nothing is signed twice."""
    letter = site.letter(public=True, check="codes", size=2)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    browser.send(code=code_of(letter))
    browser.form.update({"as": "name", "name": "Testperson Reload", "group": "reserve"})
    sent, path = dict(browser.form), browser.action
    first = browser.send().body
    for _ in range(2):
        assert again(browser, sent, path).status == 200
        assert browser.answer.body == first
    assert letter.entry(entries.Abandon(v=1, letter=letter.l), letter.organiser).status == 201
    assert again(browser, sent, path).status == 200
    code = browser.code("withdrawal")
    assert code in first.decode()
    site.rounds()
    assert letter.status()["signed"] == 1
    fresh = Browser(letter.call)
    assert again(fresh, sent, path).status == 403, "the control: a browser that never had the form is refused"
    assert code not in fresh.text
    fresh.open(f"/{letter.slug}/form/en/withdraw")
    fresh.send(code=code)
    sent, path = dict(fresh.form), fresh.action
    gone = fresh.send().body
    assert again(fresh, sent, path).status == 200
    assert fresh.answer.body == gone


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_refused_form_says_only_what_it_knows_and_where_to_go(site: Site, language: str) -> None:
    """Without its cookie, or with a used code: never that nothing was kept before; ways on, in the letter's frame."""
    letter = site.letter(public=True, check="codes", size=2)
    said = words(language)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/{language}/sign")
    browser.send(code=code_of(letter))
    browser.form.update({"as": "name", "name": "Testperson Late", "group": "reserve"})
    sent, path = dict(browser.form), browser.action
    assert browser.send().status == 200
    browser.cookies.clear()
    assert again(browser, sent, path).status == 403
    assert said["form_expired_find"] in html.unescape(browser.text)
    assert not [word for word in ("Nothing was kept", "דבר לא נשמר") if word in browser.text]
    home, form = f"/{letter.slug}/{language}/", f"/{letter.slug}/form/{language}/"
    assert {home, f"{form}sign", f"{home}counted/"} <= set(browser.links)

    browser.open(f"{form}sign")
    browser.send(code=code_of(letter))
    assert browser.send(**{"as": "name", "name": "Testperson Again", "group": "reserve"}).status == 409
    assert said["code_used_own"] in html.unescape(browser.text)
    assert {home, f"{form}withdraw", f"{home}counted/"} <= set(browser.links)


@pytest.mark.parametrize("problem", [busy, unsure, halted, full])
@pytest.mark.parametrize("language", ["en", "he"])
def test_a_form_says_why_the_server_refused_and_nothing_was_kept_only_if_it_knows(
    site: Site, monkeypatch: pytest.MonkeyPatch, problem: Callable[[], Problem], language: str
) -> None:
    """Too busy, not confirmed, an older database, a full disk: each has its sentence, in the page's language."""
    letter = site.letter(public=True, check="codes", size=1)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/{language}/sign")
    browser.send(code=code_of(letter))

    def refuse(**_: object) -> None:
        raise problem()

    monkeypatch.setattr(actions, "sign_for", refuse)
    assert browser.send(**{"as": "name", "name": "Testperson", "group": "reserve"}).status in (503, 507)
    text, said = html.unescape(browser.text), words(language)
    assert problem().message == f"problem_{problem.__name__}"
    assert said[problem().message] in text
    assert ("Nothing was kept" in text) == (language == "en" and problem is not unsure)


BAD: dict[str, tuple[dict[str, str], str]] = {
    "no way chosen": ({"as": "sideways"}, "error_as"),
    "no name": ({"name": "  "}, "error_name"),
    "a name that overprints": ({"name": "A\u202eb"}, "error_name_invisible"),
    "a title that overprints": ({"title": "A\u202ab"}, "error_title_invisible"),
    "initials that are a face": ({"as": "initials", "initials": "A\U0001f600"}, "error_initials"),
    "no group": ({"group": "nobody"}, "error_group"),
    "initials that are a sentence": ({"as": "initials", "initials": "It is I, who else"}, "error_initials"),
    "a name newer than most computers": ({"name": "A\U0001e08f\u0323"}, "error_newer"),
    "initials newer than most computers": (
        {"as": "initials", "initials": "\U00011f02."},
        "error_newer",
    ),
    "a title of symbols": ({"title": "!!!"}, "error_title"),
}


def test_a_wrong_field_gets_an_error_and_nothing_typed_is_lost(site: Site) -> None:
    """Each mistake is named; everything else is still in the form, the code unused, and once fixed it signs."""
    letter = site.letter(public=True, check="codes", size=1)
    before = world_bytes()
    for wrong, (fields, message) in BAD.items():
        browser = filled_in(letter, 0, **fields)
        assert browser.answer.status == 422, wrong
        assert words("en")[message] in browser.text, wrong
        typed = {"name": "Testperson Plain", "title": "Capt.", **fields}
        # In the form in which it is handed back: which accent goes first is another matter in each Python's Unicode.
        assert browser.form["name"] == " ".join(unicodedata.normalize("NFC", typed["name"]).split()), wrong
        assert browser.form["title"] == typed["title"], wrong
    assert world_bytes() == before
    assert browser.send(title="Capt.").status == 200
    assert browser.code("withdrawal")


def test_invisible_marks_that_came_with_pasting_are_dropped(site: Site) -> None:
    """A name between direction marks, with a soft hyphen and a zero-width space in it, is the name one sees."""
    letter = site.letter(public=True, check="codes", size=1)
    browser = filled_in(letter, name="\u200f\u05d3\u05e0\u05d4\u00ad \u200b\u05db\u05d4\u05df\ufeff", title="\u200e")
    assert browser.answer.status == 200
    site.rounds()
    assert (
        "\u05d3\u05e0\u05d4 \u05db\u05d4\u05df"
        in bytes(SealedObject.objects.get(letter__slug=letter.slug).body).decode()
    )


def test_codes_that_are_none(site: Site) -> None:
    """A misspelt code, a withdrawal code that never signed: the form says so and keeps it in the field."""
    letter = site.letter(public=True, check="codes", size=1)
    browser = Browser(letter.call)
    before = world_bytes()
    for page, typed, message in (
        ("sign", "S-1234", "error_code"),
        ("sign", '"><script>', "error_code"),
        ("withdraw", "W-7QK4-M2ZD-9XHF-R3TB-5WNE", "error_withdrawal_unknown"),
        ("withdraw", "what", "error_withdrawal"),
    ):
        browser.open(f"/{letter.slug}/form/en/{page}")
        assert browser.send(code=typed).status == 422
        assert words("en")[message] in browser.text
        assert browser.form["code"] == typed
        assert "<script>" not in browser.text
    assert world_bytes() == before


@pytest.mark.parametrize("check", ["codes", "roll"])
def test_a_code_that_is_unknown_can_be_mended_in_the_form(site: Site, check: str) -> None:
    """Shown at the first step with a roll, else at the last; what was typed is still there, and once fixed it signs."""
    letter, other = (site.letter(public=True, check=check, size=1) for _ in range(2))
    browser = Browser(letter.call)
    before = world_bytes()
    browser.open(f"/{letter.slug}/form/en/sign")
    first = browser.send(code=code_of(other))
    fields = {"as": "name", "name": "Testperson Typo", "title": "Capt.", "group": "retired"}
    told = first if check == "roll" else browser.send(**fields)
    assert told.status == 422
    assert "no such code" in browser.text
    assert browser.form["code"] == code_of(other)
    if check == "codes":
        assert (browser.form["name"], browser.form["title"]) == ("Testperson Typo", "Capt.")
        assert 'value="retired" lang="en" selected' in browser.text
        assert 'value="name" required checked' in browser.text
    assert world_bytes() == before
    browser.send(code=code_of(letter))
    if check == "roll":
        browser.send(**fields)
    assert browser.answer.status == 200
    assert codes.parse_code("W", browser.code("withdrawal"))


@pytest.mark.parametrize("check", ["codes", "roll"])
def test_no_form_is_preset_with_anything_about_the_person(site: Site, check: str) -> None:
    """No way to be shown and no group is chosen beforehand; with a roll the group is the record's, in every way."""
    letter = site.letter(public=True, check=check, size=2)
    assert letter.people[0].record.group != letter.manifest.groups[0].id
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    browser.send(code=code_of(letter))
    assert " checked" not in browser.text
    assert " selected" not in browser.text
    assert ("<select" in browser.text) == (check == "codes")
    assert browser.send(**{"as": "", "name": "Testperson", "group": "reserve"}).status == 422
    assert words("en")["error_as"] in browser.text
    browser.send(**{"as": "initials", "initials": "T. P.", "group": "reserve"})
    assert browser.answer.status == 200
    site.clock.now += 60
    site.rounds()
    (line,) = letter.get("objects.jsonl").body.decode().splitlines()
    assert f'"group":"{"reserve" if check == "codes" else letter.people[0].record.group}"' in line


def test_a_sealed_letter_is_not_signed_this_way(site: Site) -> None:
    """No field for a code or name is shown, and one sent all the same is not looked at: the reason is said."""
    letter = site.letter()
    browser = Browser(letter.call)
    for page, heading in (("sign", "form_sealed"), ("withdraw", "form_sealed_withdraw")):
        assert browser.open(f"/{letter.slug}/form/en/{page}").status == 409
        assert f"<h1>{words('en')[heading]}</h1>" in browser.text
        assert "sealed in your own browser" in browser.text
        assert "<input" not in browser.text
    public = site.letter(public=True, check="codes", size=1)
    browser.open(f"/{public.slug}/form/en/sign")
    before = world_bytes()
    browser.action = f"/{letter.slug}/form/en/sign"
    assert browser.send(code=code_of(letter), withdrawal="W-7QK4-M2ZD-9XHF-R3TB-5WNE").status == 409
    assert world_bytes() == before


def test_looking_changes_nothing_and_strangers_cannot_send(mail: MailSite) -> None:
    """GET of every form, HEAD too: no row differs. A POST from another site's page is refused in words."""
    letter = mail.site.letter(public=True, check="mail", size=0)
    pages = [f"/{letter.slug}/form/{tag}/{name}" for tag in ("en", "he") for name in ("sign", "code", "withdraw")]
    pages += ["/code/en/", "/code/he/"]
    before = world_bytes()
    for path in pages:
        browser = Browser(letter.call)
        answer = browser.open(f"{path}?code=S-7QK4-M2ZD-9XHF-R3TB-5WNE&address=a@example.org&sure=yes")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        title = html.unescape(re.search("<title>([^<]*)</title>", browser.text)[1])  # type: ignore[index]
        assert not [word for word in letter.manifest.title.values() if word in title]
        assert letter.call("HEAD", path).status == 200
        kind = {"content-type": "application/x-www-form-urlencoded", "origin": "https://elsewhere.example"}
        refused: Answer = letter.call("POST", path, b"code=x&address=a@example.org", kind)
        assert refused.status == 403
        assert b"<h1>" in refused.body
    assert 'dir="rtl"' in browser.text
    assert world_bytes() == before


def test_a_closed_letter_takes_withdrawals_but_no_signatures(site: Site) -> None:
    """Abandoned: the form says so, the code stays unused; a withdrawal goes through."""
    letter = site.letter(public=True, check="codes", size=2)
    withdrawal = filled_in(letter).code("withdrawal")
    assert letter.entry(entries.Abandon(v=1, letter=letter.l), letter.organiser).status == 201
    browser = Browser(letter.call)
    assert browser.open(f"/{letter.slug}/form/en/sign").status == 409
    assert words("en")["problem_letter_closed"] in browser.text
    assert len(used_codes(letter.slug)) == 1
    browser.open(f"/{letter.slug}/form/he/withdraw")
    browser.send(code=withdrawal)
    assert browser.send().status == 200
    site.rounds()
    assert letter.status()["count"] == 0


def test_the_withdrawal_code_is_mailed_to_the_address_that_got_the_access_code(mail: MailSite) -> None:
    """To the address the check mailed, and to no other: neither an unchecked one nor another letter's."""
    letter = mail.site.letter(public=True, check="mail", size=0)
    browser = Browser(letter.call)
    addresses = ("one@example.org", "two@example.org")
    for address in addresses:
        browser.open(f"/{letter.slug}/form/en/code")
        browser.send(address=address)
    assert mail.post_round() == 2
    access = dict(zip(mail.sink.to, mail.sink.codes(), strict=True))
    for address, given in (("one@example.org", "one@example.org"), ("two@example.org", "stranger@example.org")):
        browser.open("/code/en/")
        browser.send(code=access[address])
        chosen = {"as": "name", "name": "Testperson Mail", "group": "retired", "address": given}
        assert browser.send(**chosen).status == 200, browser.text
        shown = browser.code("withdrawal")
        assert mail.post_round(60) == (1 if address == given else 0)
        if address == given:
            assert mail.sink.codes("W") == [shown]
            assert "Testperson" not in text_of(mail.sink.mails[-1])
    assert not MailWaiting.objects.exists()
    browser.open("/code/en/")
    assert browser.send(code=mail.sink.codes("W")[0]).status == 200
    assert browser.send().status == 200
    mail.site.rounds()
    assert letter.status()["withdrawn"] == 1


def mailed(sink: Sink, kind: str, number: int) -> str:
    """The code in the email that came."""
    until(lambda: len(sink.codes(kind)) == number)
    return sink.codes(kind)[-1]


def test_the_whole_way_over_real_http_and_real_smtp(tmp_path: Path) -> None:
    """One command's server and clerk, one mail server: ask, sign, be counted, withdraw, verify; in Hebrew."""
    from . import people

    with smtp() as sink:
        server = Server(tmp_path / "data", free_port())
        make = [sys.executable, "-m", "undersigned.cli.app", "init", "--data", str(server.data)]
        make += ["--authority", server.authority, *database_for(server.data)]
        subprocess.run(make, check=True, capture_output=True)
        with (tmp_path / "data" / "settings.toml").open("a") as file:
            file.write(f'[mail]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n')
            file.write('sender = "letters@site.example.org"\n')
        server.start()
        try:
            letter = people.start(
                server.call, server.token, server.authority, "walk", public=True, check="mail", size=0
            )
            browser = Browser(server.call, f"http://{server.authority}")
            browser.open("/walk/form/he/code")
            assert browser.send(address="tester@example.org").status == 200
            code = mailed(sink, "S", 1)
            browser.open("/walk/form/he/sign")
            assert browser.send(code=code).status == 200
            chosen = {"as": "name", "name": "דנה בדיקה", "group": "reserve", "address": "tester@example.org"}
            assert browser.send(**chosen).status == 200
            assert mailed(sink, "W", 1) == browser.code("withdrawal")
            until(lambda: letter.get("count.json").json["count"] == 1)
            browser.open("/code/he/")
            browser.send(code=sink.codes("W")[0])
            assert browser.send().status == 200
            until(lambda: letter.get("count.json").json["withdrawn"] == 1)
            until(lambda: letter.get("objects.jsonl").body == b"")
            until(lambda: len(letter.get("bundle.zip").body) > 0)
            assert outcome(letter) == "valid"
        finally:
            assert server.stop() == 0
        for path in (tmp_path / "data").rglob("*"):
            if path.is_file():
                assert b"tester@example" not in path.read_bytes(), path


@pytest.mark.parametrize("language", ["en", "he"])
def test_forms_speak_the_letters_languages(site: Site, language: str) -> None:
    """The page says in its root element which language it speaks."""
    letter = site.letter(public=True, check="codes", size=1)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/{language}/sign")
    assert f'<html lang="{language}"' in browser.text
    assert browser.open(f"/{letter.slug}/form/fr/sign").status == 404


def test_the_letters_page_leads_to_the_forms_it_takes(site: Site) -> None:
    """A public letter's page has forms to sign and withdraw without JavaScript; a sealed one's has not."""
    public, sealed = site.letter(public=True, check="codes", size=1), site.letter()
    browser = Browser(public.call)
    for language in ("en", "he"):
        browser.open(f"/{public.slug}/{language}/")
        for name in ("sign", "withdraw"):
            path = f"/{public.slug}/form/{language}/{name}"
            assert path in browser.links
            assert public.call("GET", path).status == 200
        browser.open(f"/{sealed.slug}/{language}/")
        assert not [link for link in browser.links if "/form/" in link]
