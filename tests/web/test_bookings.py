"""Bookings: a page follows the newest edition until it is handed in, and a withdrawal removes the name from it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.conf import settings

from undersigned.press import JobError, job
from undersigned.protocol import entries
from undersigned.protocol.manifest import format_time
from undersigned.web.bookings import actions
from undersigned.web.bookings.files import PageFiles
from undersigned.web.clerk.pressroom import MAX_TRIES, Pressroom, StoppedError
from undersigned.web.records.models import Act, Booking
from undersigned.web.times import moment

from . import people
from .conftest import Site
from .people import Answer, Letter
from .test_life import signed_letter

TERMS = {"paper": "240x330 mm", "lang": "en", "imprint": "Paid for by Testperson, Sample Street 1."}
LONG = "Paid for by everybody named here. " * 14
"""More than a small page has room for."""
DAY = 86400


def later(site: Site, seconds: int = DAY) -> str:
    """A deadline so many seconds from now."""
    return format_time(moment(site.clock.now + seconds))


def book(site: Site, letter: Letter, **changes: Any) -> Answer:
    """Books a page."""
    terms = {"deadline": later(site), **TERMS, **changes}
    return letter.post("bookings", {name: value for name, value in terms.items() if value is not None}, **letter.auth)


def act(letter: Letter, verb: str, number: int = 1, **body: Any) -> Answer:
    """Does something with a booking."""
    return letter.post(f"bookings/{number}/{verb}", body, **letter.auth)


def booking(letter: Letter, number: int = 1) -> Any:
    """One booking as it is listed."""
    listed = letter.get("bookings", **letter.auth).json["bookings"]
    return next(row for row in listed if row["number"] == number)


def fetch(letter: Letter, name: str = "page.pdf", number: int = 1) -> Answer:
    """A file of a booking."""
    return letter.get(f"bookings/{number}/{name}", **letter.auth)


def publish(site: Site, letter: Letter, edition: int = 1, first: int = 0, last: int = 4) -> None:
    """Notice, cut, opening and publication of an edition; the trustees open people ``first`` to ``last`` - 1."""
    site.make_edition(letter, {person.key for person in letter.people[first:last]}, edition)
    site.rounds()


def published(site: Site, kinds: int = 4) -> Letter:
    """A letter with one published edition."""
    letter = signed_letter(site, ["name"] * kinds)
    publish(site, letter, last=kinds)
    return letter


def test_a_page_is_made_of_the_edition_and_can_be_fetched(site: Site) -> None:
    """Booked before there is an edition; made when there is one; its bytes are those whose hash is listed."""
    letter = signed_letter(site, ["name"] * 4)
    assert book(site, letter).status == 201
    pressroom = Pressroom(site.world)
    assert pressroom.run_round() == 0
    assert (booking(letter)["state"], booking(letter)["due"]) == ("booked", False)
    assert fetch(letter).status == 404
    publish(site, letter)
    assert booking(letter)["due"]
    # The page, and the reader's PDF in two languages.
    assert pressroom.run_round() == 3
    found = booking(letter)
    assert (found["state"], found["edition"], found["due"], found["frozen"]) == ("proof", 1, False, False)
    assert hashlib.sha256(fetch(letter).body).hexdigest() == found["sha256"]
    assert fetch(letter).headers["content-type"] == "application/pdf"
    assert fetch(letter, "page.png").body.startswith(b"\x89PNG")
    assert json.loads(fetch(letter, "report.json").body)["files"]["page.pdf"] == found["sha256"]
    assert pressroom.run_round() == 0


def test_readers_get_the_editions_pdf(site: Site) -> None:
    """In each language, as a public file; gone when its edition is reduced to counts."""
    letter = published(site)
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    for language in ("en", "he"):
        answer = letter.get(f"press/1/{language}.pdf")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.body.startswith(b"%PDF-")
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert letter.get("press/1/en.pdf").status == 404
    assert letter.get("press/1/he.pdf").status == 404
    assert Pressroom(site.world).run_round() == 0


def test_a_name_that_no_face_shows_stops_neither_page_nor_pdf(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One signs in Georgian, one with a star: page and reader's PDF are made by themselves, and the report says so."""
    ordinary = people.invented

    def odd(number: int, tag: str = "Nr") -> Any:
        record = ordinary(number, tag)
        names = {1: "\u10d0\u10dc\u10d0 \u10dc\u10d8\u10db\u10e3\u10e8\u10d8", 2: "Testperson Starre \u2728"}
        return msgspec.structs.replace(record, name=names[number]) if number in names else record

    monkeypatch.setattr(people, "invented", odd)
    letter = signed_letter(site, ["name"] * 4)
    assert book(site, letter).status == 201
    publish(site, letter)
    assert Pressroom(site.world).run_round() == 3
    assert booking(letter)["state"] == "proof"
    report = json.loads(fetch(letter, "report.json").body)
    assert report["read_back"]["entries"] == 3
    said = {change["signed"].partition(",")[0]: change["name"].partition(",")[0] for change in report["mended"]}
    assert said == {odd(1).name: "", odd(2).name: "Testperson Starre"}
    for language in ("en", "he"):
        assert letter.get(f"press/1/{language}.pdf").body.startswith(b"%PDF-")


def test_a_proof_follows_the_newest_edition_until_it_is_sent(site: Site) -> None:
    """Two booked pages: the one that was sent stays, byte for byte; the other shows the new edition."""
    letter = published(site)
    assert book(site, letter).status == 201
    assert book(site, letter, paper="260x370 mm").status == 201
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    first = fetch(letter).body
    assert act(letter, "sent", sha256="0" * 64).problem == "condition-unmet"
    assert act(letter, "sent", sha256=hashlib.sha256(first).hexdigest()).status == 200
    assert people.sign(letter, letter.people[4]).status == 201
    site.rounds()
    publish(site, letter, 2, first=4, last=5)
    pressroom.run_round()
    assert (booking(letter, 1)["edition"], booking(letter, 1)["frozen"]) == (1, True)
    assert fetch(letter).body == first
    assert booking(letter, 2)["edition"] == 2
    # The paper gives us one more hour: the page is taken back and shows the newest edition.
    assert act(letter, "revise").status == 200
    assert fetch(letter).status == 404
    pressroom.run_round()
    assert booking(letter, 1)["edition"] == 2
    assert fetch(letter).body != first
    sent = act(letter, "sent", sha256=booking(letter, 1)["sha256"])
    assert sent.json["sent_at"] == format_time(moment(site.clock.now))
    assert act(letter, "printed").json["state"] == "printed"
    assert act(letter, "printed").json["state"] == "printed"
    assert act(letter, "cancel").problem == "condition-unmet"
    assert act(letter, "revise").problem == "condition-unmet"


def test_a_page_is_erased_when_a_person_it_names_withdraws(site: Site) -> None:
    """No file of ours holds the name: the proof is booked again, the sent page keeps only its hash."""
    letter = published(site)
    for paper in ("240x330 mm", "260x370 mm"):
        book(site, letter, paper=paper)
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    sha256 = booking(letter, 1)["sha256"]
    act(letter, "sent", number=1, sha256=sha256)
    pages = settings.DATA.pages / letter.slug
    assert [path for path in pages.rglob("*") if path.is_file()]
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert not [path for path in pages.rglob("*") if path.is_file()]
    sent, proof = booking(letter, 1), booking(letter, 2)
    assert (sent["state"], sent["sha256"]) == ("sent", sha256)
    assert (proof["state"], proof["sha256"]) == ("booked", "")
    assert fetch(letter, number=1).status == fetch(letter, number=2).status == 404
    assert pressroom.run_round() == 0
    # The next edition names those who are left.
    publish(site, letter, 2, last=0)
    pressroom.run_round()
    assert (booking(letter, 2)["edition"], booking(letter, 1)["edition"]) == (2, 1)


def test_a_page_made_during_a_withdrawal_is_not_recorded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name goes between the making and the proof: the page is thrown away. So is the reader's PDF."""
    letter = published(site)
    book(site, letter)
    made: list[str] = []

    def after(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            report = real(*arguments, **options)
            if not made:
                assert people.withdraw(letter, letter.people[0]).status == 201
                site.rounds()
            made.append("made")
            return report

        return run

    monkeypatch.setattr(job, "run_page", after(job.run_page))
    monkeypatch.setattr(job, "run_archive", after(job.run_archive))
    assert Pressroom(site.world).run_round() == 0
    assert made == ["made"] * 3
    assert booking(letter)["sha256"] == ""
    assert not [path for path in settings.DATA.pages.joinpath(letter.slug).rglob("*") if path.is_file()]
    assert letter.get("press/1/en.pdf").status == 404


def test_a_page_that_does_not_fit_is_refused_once_and_tried_again_on_other_terms(site: Site) -> None:
    """The refusal is shown with the booking, until the terms change."""
    letter = published(site)
    assert book(site, letter, paper="80x80 mm", imprint=LONG).status == 201
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    refused = booking(letter)
    assert (refused["state"], refused["due"]) == ("booked", False)
    assert "fit" in refused["refusal"]
    assert pressroom.run_round() == 0
    assert act(letter, "revise", paper="240x330 mm").problem == "malformed"
    assert act(letter, "revise", titles=False, sections=False, first=1, style="run-in").status == 200
    again = booking(letter)
    assert (again["due"], again["refusal"], again["style"], again["first"]) == (True, None, "run-in", 1)


def test_a_refusal_that_may_name_a_person_is_erased_with_them(site: Site) -> None:
    """The sentence names the entry that does not fit; after a withdrawal it is gone."""
    letter = published(site)
    book(site, letter, paper="80x80 mm", imprint=LONG)
    Pressroom(site.world).run_round()
    assert booking(letter)["refusal"]
    people.withdraw(letter, letter.people[0])
    site.rounds()
    assert booking(letter)["refusal"] is None
    assert not [path for path in settings.DATA.pages.joinpath(letter.slug).rglob("*") if path.is_file()]


def test_after_the_deadline_nothing_is_made(site: Site) -> None:
    """Not a second later; a new deadline lets it go on."""
    letter = published(site)
    book(site, letter)
    site.clock.now += DAY + 1
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    assert booking(letter)["state"] == "booked"
    assert act(letter, "revise").problem == "condition-unmet"
    assert act(letter, "revise", deadline=later(site, -5)).problem == "malformed"
    assert act(letter, "revise", deadline=later(site)).status == 200
    pressroom.run_round()
    assert booking(letter)["state"] == "proof"
    site.clock.now += DAY + 1
    assert act(letter, "sent", sha256=booking(letter)["sha256"]).problem == "condition-unmet"


def test_the_same_booking_twice_is_one(site: Site) -> None:
    """A lost answer costs nothing; another deadline, or a cancelled one, is another booking."""
    letter = site.letter()
    first, second = book(site, letter), book(site, letter)
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    assert book(site, letter, deadline=later(site, 2 * DAY)).json["number"] == 2
    assert act(letter, "cancel").json["state"] == "cancelled"
    assert act(letter, "cancel").json["state"] == "cancelled"
    assert book(site, letter).json["number"] == 3


def test_bad_terms_are_refused_with_a_sentence(site: Site) -> None:
    """And book nothing."""
    letter = site.letter()
    bad: list[dict[str, Any]] = [
        {"paper": "no-such-paper"}, {"paper": "5x5 mm"}, {"paper": "haaretz"}, {"paper": ""}, {"lang": "fr"},
        {"lang": "en", "beside": "en"}, {"beside": "fr"}, {"style": "grid"}, {"design": "loud"}, {"pages": 3},
        {"pages": 0}, {"first": -1}, {"imprint": ""}, {"imprint": "two\nlines"}, {"imprint": "x" * 501},
        {"size": "big"}, {"colour": "red"}, {"deadline": None}, {"deadline": "tomorrow"}, {"deadline": 5},
        {"deadline": "2020-01-01T00:00:00Z"}, {"titles": "yes"},
    ]  # fmt: skip
    for changes in bad:
        answer = book(site, letter, **changes)
        assert (answer.status, answer.problem) == (400, "malformed"), changes
    assert not Booking.objects.filter(letter__slug=letter.slug).exists()
    assert letter.post("bookings", [], **letter.auth).problem == "malformed"
    assert book(site, letter, paper="haaretz", size="254x400 mm").status == 201


def test_bookings_are_the_organisers(site: Site) -> None:
    """Only the organiser lists, books, changes or fetches; what is not there is said not to be there."""
    letter = published(site)
    book(site, letter)
    Pressroom(site.world).run_round()
    assert letter.get("bookings").problem == "not-authorized"
    assert letter.post("bookings", TERMS).problem == "not-authorized"
    assert letter.post("bookings/1/cancel", {}).problem == "not-authorized"
    for name in ("page.pdf", "page.png", "report.json"):
        assert letter.get(f"bookings/1/{name}").problem == "not-authorized"
    assert act(letter, "cancel", number=9).problem == "not-found"
    assert fetch(letter, number=9).problem == "not-found"
    assert fetch(letter, "refusal").problem == "not-found"
    assert fetch(letter, "page-2.png").problem == "not-found"
    assert act(letter, "burn").status == 405
    assert letter.get("bookings/1/cancel", **letter.auth).status == 405
    assert letter.call("DELETE", f"/{letter.slug}/bookings", b"", letter.auth).status == 405
    assert act(letter, "cancel", why="because").problem == "malformed"
    assert act(letter, "sent").problem == "malformed"


def test_an_abandoned_letter_prints_nothing(site: Site) -> None:
    """No booking, and no page for those there are."""
    letter = site.letter()
    book(site, letter)
    gone = letter.entry(entries.Abandon(v=1, letter=letter.l), letter.organiser)
    assert gone.status == 201, gone.body
    site.rounds()
    assert book(site, letter, paper="260x370 mm").problem == "condition-unmet"
    assert Pressroom(site.world).run_round() == 0


def test_pdf_x4_waits_for_the_papers_profile(site: Site) -> None:
    """Without it the page is refused and says so; with it the page is made. What is no profile is refused."""
    letter = published(site)
    paper = next(p.id for p in papers_with("PDF/X-4"))
    assert book(site, letter, paper=paper, size="240x330 mm").status == 201
    pressroom = Pressroom(site.world)
    pressroom.run_round()
    assert "profile" in booking(letter)["refusal"]
    kind = {"content-type": "application/vnd.iccprofile", **letter.auth}
    path = f"/{letter.slug}/bookings/1/profile"
    assert letter.call("POST", path, b"x" * 200, kind).problem == "malformed"
    assert letter.call("POST", path, b"x" * (4 * 1024 * 1024 + 1), kind).problem == "too-large"
    profile = bytearray(70_000)
    profile[0:4], profile[12:16], profile[16:20], profile[36:40] = (70_000).to_bytes(4), b"prtr", b"CMYK", b"acsp"
    assert letter.call("POST", path, bytes(profile), kind).status == 200
    pressroom.run_round()
    assert booking(letter)["state"] == "proof"
    assert letter.call("POST", path, bytes(profile), kind).problem == "condition-unmet"


def papers_with(flavour: str) -> list[Any]:
    """Papers that ask for a flavour."""
    from undersigned.press import list_papers

    return [paper for paper in list_papers().values() if paper.flavour == flavour]


def test_a_job_that_dies_is_begun_again_and_given_up_in_the_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice it is only tried again; the third time the booking says why. A later edition starts from the beginning."""
    letter = published(site)
    book(site, letter)

    def die(*_arguments: Any, **_options: Any) -> Any:
        raise JobError("the process that made the page ended with status -9")

    monkeypatch.setattr(job, "run_page", die)
    monkeypatch.setattr(job, "run_archive", die)
    pressroom = Pressroom(site.world)
    for tries in range(1, MAX_TRIES + 1):
        assert booking(letter)["due"]
        pressroom.run_round()
        assert (booking(letter)["refusal"] is None) == (tries < MAX_TRIES)
    assert "status -9" in booking(letter)["refusal"]
    monkeypatch.undo()


def test_a_clerk_that_stops_ends_the_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a page is nothing: the next clerk makes it."""
    letter = published(site)
    book(site, letter)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        Pressroom(site.world, stop).run_round()
    assert booking(letter)["state"] == "booked"
    assert booking(letter)["progress"] is None or booking(letter)["progress"] < 100
    Pressroom(site.world).run_round()
    assert booking(letter)["state"] == "proof"
    assert booking(letter)["progress"] is None


@pytest.mark.parametrize("at", ["before the proof", "before it is in its place"])
def test_a_clerk_that_dies_leaves_a_page_that_counts_or_none(
    site: Site, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Killed on either side of the proof: the listed hash is always that of a page that can be fetched."""
    letter = published(site)
    book(site, letter)

    def dead(*_arguments: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if at == "before the proof":
            patch.setattr(actions, "record_page", dead)
        else:
            patch.setattr(PageFiles, "reconcile", lambda *arguments: dead() if arguments[-1] else None)
        with pytest.raises(KeyboardInterrupt):
            Pressroom(site.world).run_round()
    found = booking(letter)
    if found["sha256"]:
        assert hashlib.sha256(fetch(letter).body).hexdigest() == found["sha256"]
    assert bool(found["sha256"]) == (at != "before the proof")
    Pressroom(site.world).run_round()
    assert hashlib.sha256(fetch(letter).body).hexdigest() == booking(letter)["sha256"]
    assert sorted(path.name for path in (settings.DATA.pages / letter.slug).iterdir()) == ["1"]


def test_the_state_row_and_the_audit_speak_of_no_name(site: Site) -> None:
    """Every act on a booking is audited, by whom; no row of either table holds a name."""
    letter = published(site)
    book(site, letter)
    Pressroom(site.world).run_round()
    act(letter, "sent", sha256=booking(letter)["sha256"])
    act(letter, "printed")
    verbs = list(Act.objects.filter(letter=letter.slug).order_by("pk").values_list("by", "verb"))
    assert verbs[-4:] == [("organiser", "book"), ("clerk", "prove"), ("organiser", "send"), ("organiser", "printed")]
    rows = [*Booking.objects.values_list(), *Act.objects.values_list()]
    assert not [row for row in rows if any(p.record.name in str(row) for p in letter.people)]


def test_rows_and_pages_of_different_moments_agree_again(site: Site) -> None:
    """As after a restore: a page is missing, is another, or no row speaks of it; the next clerk sees to each."""
    letter = published(site)
    for days in range(1, 5):
        assert book(site, letter, deadline=later(site, days * DAY)).status == 201
    Pressroom(site.world).run_round()
    files = PageFiles(settings.DATA.pages)
    kept = files.directory(letter.slug, 1)
    (files.directory(letter.slug, 2) / "page.pdf").unlink()
    (files.directory(letter.slug, 3) / "page.pdf").write_bytes(b"%PDF- of another moment")
    Booking.objects.filter(number=4).update(state="booked", sha256="", edition=0)
    Booking.objects.filter(number=1).update(state="sent", sent_at=site.clock.now)
    stray = files.directory(letter.slug, 4)
    before = (kept / "page.pdf").read_bytes(), (stray / "page.pdf").stat().st_ino
    # Control: the row of the second speaks of a page that cannot be fetched.
    assert (booking(letter, 2)["state"], fetch(letter, number=2).status) == ("proof", 404)
    assert Pressroom(site.world).run_round() == 3
    for number in (2, 3, 4):
        found = booking(letter, number)
        assert found["state"] == "proof"
        assert hashlib.sha256(fetch(letter, number=number).body).hexdigest() == found["sha256"]
    assert (stray / "page.pdf").stat().st_ino != before[1]
    assert fetch(letter).body == before[0]
    assert Act.objects.filter(verb="heal").count() == 2


def test_a_refusal_without_its_reason_is_tried_again(site: Site) -> None:
    """The row came back, its file did not: the page is tried again, and the organiser reads why there is none."""
    letter = published(site)
    assert book(site, letter, paper="80x80 mm", imprint=LONG).status == 201
    Pressroom(site.world).run_round()
    why = booking(letter)["refusal"]
    assert why
    PageFiles(settings.DATA.pages).delete(letter.slug, 1)
    assert booking(letter)["refusal"] is None
    Pressroom(site.world).run_round()
    assert booking(letter)["refusal"] == why
