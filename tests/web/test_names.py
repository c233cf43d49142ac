"""The pages of signatories: each name can be found, with JavaScript and without; no withdrawn name can."""

from __future__ import annotations

import re
import time
from html import unescape
from pathlib import Path

import msgspec
import pytest
from django.conf import settings

from undersigned.protocol import canonical, edition
from undersigned.protocol.standing import Standing
from undersigned.web.reader import names
from undersigned.web.reader.edition import edition_pages
from undersigned.web.reader.letter import LetterView
from undersigned.web.reader.messages import say
from undersigned.web.reader.words import words
from undersigned.web.storage.files import FileStorage
from undersigned.web.storage.lazy_files import LazyFiles

from . import people
from .conftest import Site
from .people import Letter
from .test_life import signed_letter
from .test_static import readable


def many(letter: Letter, number: int) -> tuple[LetterView, edition.Edition]:
    """An invented edition of so many names of a real letter."""
    made = canonical.decode(letter.get("editions/1/edition.json").body, limit=canonical.MAX_DOCUMENT)
    rows = [
        {"as": "name" if i % 50 else "initials", "group": "retired" if i % 3 else "reserve", "key": f"k{i}",
         "name": people.invented(i).name if i % 50 else "T. P.", "title": "Capt." if i % 2 else "", "verified": True}
        for i in range(number)
    ]  # fmt: skip
    found = msgspec.convert({**made, "roll": rows}, edition.Edition)
    view = LetterView(letter.l, letter.slug, letter.manifest, people.TEXTS, Standing(letter.manifest), {}, "http://x/y")
    return view, found


@pytest.fixture
def letter(site: Site) -> Letter:
    """With an edition of three."""
    made = signed_letter(site, ["name"] * 3)
    publish(site, made, 1, {p.key for p in made.people[:3]})
    return made


def publish(site: Site, letter: Letter, number: int, keys: set[str]) -> None:
    """Cut, opened, cosigned, published."""
    site.make_edition(letter, keys, number)
    site.rounds()


def listed(page: bytes) -> list[str]:
    """The names on a page, in order."""
    return [unescape(name) for name in re.findall(r"<li><bdi>([^<]*)</bdi>", page.decode())]


@pytest.mark.parametrize("language", ["en", "he"])
def test_everybody_is_found_by_browsing(letter: Letter, language: str) -> None:
    """5,200 names: the parts hold each once, group by group, and every part is led to with its first and last name."""
    view, found = many(letter, 5200)
    pages = LazyFiles(edition_pages(view, found))
    front = pages[f"signatories-{language}.html"].decode()
    links = re.findall(r'href="(signatories-[a-z]+-\d+\.html)"><bdi>([^<]*)</bdi> – <bdi>([^<]*)</bdi>', front)
    assert len(links) == 2 + 4
    everybody: list[str] = []
    for path, first, last in links:
        rows = listed(pages[path])
        assert (unescape(first), unescape(last)) == (rows[0], rows[-1])
        assert len(rows) <= names.PART
        everybody += rows
    assert sorted(everybody) == sorted(name.name for name in found.roll)
    assert "Names found" in front or "שמות שנמצאו" in front


def test_the_search_has_everybody_in_its_files(letter: Letter) -> None:
    """The files hold each name once with title, group and whether these are initials; the page says how many files."""
    view, found = many(letter, 12_001)
    pages = LazyFiles(edition_pages(view, found))
    files = [canonical.decode(pages[f"names-{i}.json"], limit=canonical.MAX_DOCUMENT) for i in range(3)]
    rows = [row for file in files for row in file]
    assert len(rows) == 12_001
    assert rows[0] == [found.roll[0].name, "", 0, 1]
    assert 'data-shards="3"' in pages["signatories-en.html"].decode()
    assert not [path for path in pages if path.startswith("names-3")]


def test_few_names_stand_on_one_page(letter: Letter) -> None:
    """Three names: one page, one file, no parts; the search hides until there is script."""
    page = letter.get("editions/1/signatories-en.html").body
    assert sorted(listed(page)) == sorted(p.record.name for p in letter.people[:3])
    assert b"hidden>" in page.partition(b'role="search"')[2][:900]
    assert letter.get("editions/1/names-0.json").status == 200
    assert letter.get("editions/1/names-1.json").status == 404
    assert letter.get("editions/1/signatories-en-1.html").status == 404


def test_changes_name_the_joined_and_only_count_the_withdrawn(site: Site, letter: Letter) -> None:
    """Two join, one withdraws: edition 2 names the two, and the one is on no page and in no file any more."""
    for person in letter.people[3:5]:
        assert people.sign(letter, person).status == 201
    gone = letter.people[0]
    assert people.withdraw(letter, gone).status == 201
    site.rounds()
    publish(site, letter, 2, {p.key for p in letter.people[3:5]})
    page = letter.get("editions/2/changes-en.html").body
    assert sorted(listed(page)) == sorted(p.record.name for p in letter.people[3:5])
    text = page.decode()
    assert "2 people joined" in text
    assert "1 person withdrew" in text
    assert "The count went from 3 to 4." in text
    name = gone.record.name.encode()
    assert not [path for path, data in readable(settings.DATA.public / letter.slug).items() if name in data]
    # The control: those who stayed are there.
    stayed = letter.people[1].record.name.encode()
    assert [path for path, data in readable(settings.DATA.public / letter.slug).items() if stayed in data]
    assert letter.get("editions/1/changes-en.html").status == 404, "there is none before the first"


def test_any_two_editions_are_compared(site: Site, letter: Letter) -> None:
    """Edition 3 against 2 names one who joined, against 1 two; each page leads to the other."""
    for number, person in ((2, letter.people[3]), (3, letter.people[4])):
        assert people.sign(letter, person).status == 201
        if number == 3:
            assert people.withdraw(letter, letter.people[1]).status == 201
        site.rounds()
        publish(site, letter, number, {person.key})
    near = letter.get("editions/3/changes-en.html").body
    far = letter.get("editions/3/changes-since-1-en.html").body
    assert listed(near) == [letter.people[4].record.name]
    assert sorted(listed(far)) == sorted(p.record.name for p in letter.people[3:5])
    assert b"2 people joined" in far
    assert b"1 person withdrew" in far
    assert b"The count went from 3 to 4." in far
    assert b'href="changes-since-1-en.html"' in near
    assert b'href="changes-en.html"' in far
    assert letter.get("editions/3/changes-since-2-en.html").status == 404, "it has the short name"


def test_an_edition_without_its_names_counts_those_who_joined(site: Site, letter: Letter) -> None:
    """After a signatory named in edition 2 has left, the page gives the changes in numbers."""
    assert people.sign(letter, letter.people[3]).status == 201
    site.rounds()
    publish(site, letter, 2, {letter.people[3].key})
    assert listed(letter.get("editions/2/changes-en.html").body) == [letter.people[3].record.name]
    assert people.withdraw(letter, letter.people[3]).status == 201
    site.rounds(4)
    page = letter.get("editions/2/changes-he.html").body.decode()
    assert listed(page.encode()) == []
    assert say(words("he"), "changes_joined", n=1) in page
    assert words("he")["changes_gone"] in page
    assert letter.get("editions/2/names-0.json").status == 404


@pytest.mark.slow
def test_a_hundred_thousand_names_are_placed_in_bounded_time(letter: Letter, tmp_path: Path) -> None:
    """Made and written durably, in two languages, with what the search fetches: well under a minute."""
    view, found = many(letter, 100_000)
    begun = time.monotonic()
    pages = LazyFiles(edition_pages(view, found))
    made = time.monotonic() - begun
    FileStorage(tmp_path).put_tree("1", pages)
    spent = time.monotonic() - begun
    size = sum(len(data) for data in pages.values())
    print(f"100,000 names: made in {made:.1f} s, placed in {spent:.1f} s, {len(pages)} files, {size / 1e6:.0f} MB")
    assert len(pages["signatories-en.html"]) < 40_000
    assert max(len(data) for path, data in pages.items() if path.endswith(".html")) < 200_000
    assert spent < 120
