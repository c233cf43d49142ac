"""One edition, one number: whatever it holds, every document that states a count states that one, and its groups add
up to it."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letterworld import TEXTS, LetterWorld
from press.setup import order
from undersigned import press
from undersigned.press.compose import count_line, heading_of
from undersigned.press.order import check
from undersigned.press.picture import PictureOrder
from undersigned.press.words import words_for
from undersigned.protocol import canonical, edition
from undersigned.protocol.opening import Opened
from undersigned.protocol.seal import Payload
from undersigned.protocol.tally import tally
from undersigned.web.publication import live_names
from undersigned.web.reader import embed, names
from undersigned.web.reader.edition import edition_pages
from undersigned.web.reader.feed import feed
from undersigned.web.reader.letter import LetterView, letter_page
from undersigned.web.reader.press_kit import press_kit
from undersigned.web.reader.state import State, find_state, read_log_facts
from undersigned.web.reader.words import words
from undersigned.web.storage.lazy_files import LazyFiles

from . import people
from .conftest import NOW, Site
from .test_life import signed_letter

PEOPLE = 14
GROUPS = ("reserve", "retired")
fates = st.sampled_from(("name", "initials", "anonymous", "void", "unresolved", "struck", "withdrew"))
lives = st.lists(st.tuples(fates, st.sampled_from(GROUPS)), min_size=PEOPLE - 2, max_size=PEOPLE - 2)


def living(fates_: list[tuple[str, str]]) -> tuple[LetterWorld, edition.Edition]:
    """An edition of people with these fates and groups, and two more with names. What the protocol makes of it."""
    world = LetterWorld(PEOPLE)
    rows = [*fates_, ("name", "reserve"), ("name", "retired")]
    for person in world.people:
        world.sign(person)
    world.notice()
    world.cut()
    for person, (fate, _) in zip(world.people, rows, strict=True):
        if fate == "struck":
            world.strike(person)
        elif fate == "withdrew":
            world.withdraw(person)
    verdicts = {
        person.key: opened(person.number, fate, group)
        for person, (fate, group) in zip(world.people, rows, strict=True)
        if fate not in ("struck", "withdrew", "unresolved")
    }
    return world, edition.build(world.standing, world.id, 1, world.root, verdicts, None)


def opened(number: int, fate: str, group: str) -> Opened:
    """What a person's seal opened to."""
    if fate == "void":
        return Opened("void")
    name = {"name": f"Testperson {number}", "initials": "T. P."}.get(fate, "")
    payload = Payload(as_=fate, group=group, name=name, title="", roll=None, nonce="")  # type: ignore[arg-type]
    return Opened("named" if fate == "name" else fate, payload)  # type: ignore[arg-type]


def shown_of(world: LetterWorld, made: edition.Edition) -> tuple[LetterView, State]:
    """What pages are made from, on the day of publication."""
    counts = edition.counts_of(made)
    texts = {language: text.decode() for language, text in TEXTS.items()}
    view = LetterView(world.id, "valley", world.manifest, texts, world.standing, {1: counts}, "http://x/valley")
    return view, find_state(world.manifest, read_log_facts(world.standing), NOW, {1: 2}, {1}, set())


def number(pattern: str, text: str) -> int:
    """The one figure that ``pattern`` finds."""
    found = re.search(pattern, text)
    assert found is not None, pattern
    return {"One": 1, "one": 1, "Nobody": 0, "nobody": 0}.get(found[1]) or int(found[1])


def numbers_of(pattern: str, text: str) -> list[int]:
    """All figures that it finds."""
    return [{"One": 1, "one": 1}.get(found) or int(found) for found in re.findall(pattern, text)]


def stated(world: LetterWorld, made: edition.Edition, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The number that each document states, read from its text."""
    view, state = shown_of(world, made)
    pages = LazyFiles(edition_pages(view, made))
    page, listed = pages["en.html"].decode(), pages["signatories-en.html"].decode()
    drawn: list[PictureOrder] = []

    def draw(picture: PictureOrder) -> bytes:
        drawn.append(picture)
        return b""

    monkeypatch.setattr(embed, "make_picture", draw)
    embed.pictures(view, state, "en")
    framed = embed.embedded(view, state, "en")
    news = feed(view, state, "en", [view.counts[1]], None, NOW).decode()
    letter = letter_page(view, state, "en").decode()
    kit = unescape(press_kit(view, state, "en", []).decode())
    paper = check(order(edition=edition.encode(made), number=1))
    line = count_line(tally(made.counts), words_for("en"), [])
    assert paper.edition.counts == made.counts
    return {
        "edition.json": json.loads(edition.encode(made))["counts"]["standing"],
        "counts.json": json.loads(canonical.encode(view.counts[1]))["counts"]["standing"],
        "edition page": number(r'class="numeral">(\d+)<', page),
        "kinds on it": sum(
            numbers_of(
                r'<th scope="row">(?!Left out after review(?:, or not readable)?<)[^<]*</th><td class="number">(\d+)<',
                page,
            )
        ),
        "groups on it": sum(numbers_of(r'<th scope="row" lang[^>]*>[^<]*</th><td class="number">(\d+)<', page))
        + sum(numbers_of(r">Left out after review(?:, or not readable)?</th><td class=\"number\">(\d+)<", page)),
        "signatories page": number(r"This edition counts (\w+) people", listed),
        "groups on that": sum(numbers_of(r'<h2>[^<]* <span class="quiet">\((\d+)\)', listed))
        + sum(numbers_of(r"And (\w+) more \w+ who (?:is|are) counted and (?:isn|aren)’t listed", unescape(listed))),
        "rows on that": listed.count("<li><bdi>")
        + sum(numbers_of(r"And (\w+) more \w+ who (?:is|are) counted and chose not", listed))
        + sum(numbers_of(r"And (\w+) more \w+ who (?:is|are) counted and (?:isn|aren)’t listed", unescape(listed))),
        "letter page": number(r'class="numeral">(\d+)<', letter),
        "edition on it": number(r"Edition 1</a>: (\w+) people when it was published", letter),
        "feed": number(r"Edition 1 is published: (\w+) people", news),
        "press page": number(r"(\w+) people stand behind this letter", kit),
        "frame": number(r'class="numeral">(\d+)<', framed["embed/en.html"].decode()),
        "drawing": number(r">(\d+)</text>", framed["embed/en.svg"].decode()),
        "share picture": int(drawn[0].count),
        "count picture": int(drawn[1].count),
        "newspaper": number(r"(\w+) people have signed", line),
        "newspaper's groups": groups_printed(paper, made),
    }


def groups_printed(paper: Any, made: edition.Edition) -> int:
    """What the headings of a page's groups add up to, with those it says are in none of them."""
    words, there = words_for("en"), {name.group for name in made.roll}
    line = count_line(tally(made.counts), words, there)
    headings = [heading_of(paper, group, words) for group in there]
    outside = numbers_of(r"(\w+) of them (?:is|are) in none of the groups", line)
    return sum(numbers_of(r"\((\d+)\)", " ".join(headings))) + sum(outside)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives)
def test_every_document_states_the_same_number(monkeypatch: pytest.MonkeyPatch, fates_: list[tuple[str, str]]) -> None:
    """Struck, void, unopened, anonymous or with initials, in any group: one number, and groups that add up to it."""
    world, made = living(fates_)
    standing = PEOPLE - sum(fate == "withdrew" for fate, _ in fates_)
    assert stated(world, made, monkeypatch) == dict.fromkeys(stated(world, made, monkeypatch), standing)


def test_a_document_that_counts_by_itself_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a list that counts the names it shows, as it did, states another number."""
    world, made = living([("anonymous", "reserve"), ("struck", "retired"), *[("name", "reserve")] * (PEOPLE - 4)])
    assert set(stated(world, made, monkeypatch).values()) == {PEOPLE}
    heading = names._heading
    monkeypatch.setattr(
        names, "_heading", lambda listed, group, name, rows: {**heading(listed, group, name, rows), "count": len(rows)}
    )
    found = stated(world, made, monkeypatch)
    assert found["groups on that"] == PEOPLE - 1
    assert {place for place, n in found.items() if n != PEOPLE} == {"groups on that"}


def text_layer(file: Path) -> str:
    """A PDF's text, as a reader's program finds it."""
    found = subprocess.run(["pdftotext", "-raw", str(file), "-"], capture_output=True, check=True)
    return " ".join(found.stdout.decode().replace("\u2066", "").replace("\u2069", "").split())


MIXED = [("anonymous", "reserve")] * 3 + [("initials", "retired"), ("struck", "reserve"), ("void", "retired"),
         ("unresolved", "reserve"), ("withdrew", "retired")] + [("name", "reserve")] * 4  # fmt: skip


@pytest.mark.parametrize("fates_", [MIXED, [("name", "retired")] * (PEOPLE - 2)])
def test_both_pdfs_state_that_number_in_their_text(fates_: list[tuple[str, str]], tmp_path: Path) -> None:
    """A newspaper's page and the PDF for readers, read back from the finished files."""
    _, made = living(fates_)
    found = tally(made.counts)
    ordered = order(edition=edition.encode(made), number=1)
    press.make_page(ordered, tmp_path / "page")
    press.make_archive(ordered, tmp_path / "archive")
    for file in (tmp_path / "page" / "page.pdf", tmp_path / "archive" / "archive.pdf"):
        text = text_layer(file)
        assert number(r"(\d+) people have signed this letter", text) == found.number
        headings = numbers_of(r"(?:Reserve|Retired) \((\d+)\)", text)
        outside = numbers_of(r"(\w+) of them (?:is|are) in none of the groups", text)
        assert sum(headings) + sum(outside) == found.number
        unnamed = numbers_of(r"(\w+) of them (?:is|are) counted and not named", text)
        assert unnamed == ([found.unnamed] if found.unnamed else [])


def test_the_number_of_a_site_s_edition_follows_a_withdrawal_before_publication(site: Site) -> None:
    """From edition to edition the page of changes goes by the numbers that the editions state, not by their cuts."""
    letter = signed_letter(site, ["name"] * 5)
    site.cut(letter)
    site.open_all(letter, {p.key for p in letter.people[:5]})
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.cosigned(letter)
    assert site.publish(letter).status == 201
    assert people.sign(letter, letter.people[5]).status == 201
    site.rounds()
    site.make_edition(letter, {letter.people[5].key}, 2)
    site.rounds()
    first, second = (letter.get(f"editions/{n}/edition.json").json["counts"]["standing"] for n in (1, 2))
    page = letter.get("editions/2/changes-en.html").body.decode()
    assert (first, second) == (4, 5)
    assert "The count went from 4 to 5." in page
    assert "1 person joined" in page
    assert "No one withdrew" in page
    for n, count in ((1, first), (2, second)):
        assert f'class="numeral">{count}<' in letter.get(f"editions/{n}/en.html").body.decode()


def test_a_public_letter_with_too_many_names_to_list_leads_to_the_file(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of its names stays true: the public can read all of them."""
    monkeypatch.setattr(live_names, "MAX_NAMES", 2)
    letter = site.letter(public=True, check="codes", size=8)
    for person in letter.people[:3]:
        assert people.sign(letter, person).status == 201
    site.clock.now += 60
    site.rounds()
    page = unescape(letter.get("names/signatories-en.html").body.decode())
    assert "3 people stand behind this letter." in page
    assert f'href="/{letter.slug}/objects.jsonl"' in page
    assert letter.people[0].record.name not in page
    assert letter.get("names/names-0.json").status == 404
    assert letter.people[0].record.name in letter.get("objects.jsonl").body.decode()


def test_the_names_of_a_public_letter_add_up_too(site: Site) -> None:
    """The list as of the newest batch: its number is the count, its groups add up, and no withdrawn person is in it."""
    letter = site.letter(public=True, check="codes", size=8)
    for person, kind in zip(letter.people, ("name", "name", "name", "initials", "anonymous"), strict=False):
        assert people.sign(letter, person, kind).status == 201
    site.clock.now += 60
    site.rounds()
    assert letter.people[0].record.name in letter.get("names/signatories-en.html").body.decode()
    assert people.withdraw(letter, letter.people[0]).status == 201
    # Who withdraws waits for nothing.
    site.rounds(1)
    page = unescape(letter.get("names/signatories-en.html").body.decode())
    assert "4 people stand behind this letter. 3 are listed here." in page
    assert words("en")["names_unchecked"] in page
    assert sum(numbers_of(r'<h2>[^<]* <span class="quiet">\((\d+)\)', page)) == letter.get("count.json").json["count"]
    assert letter.people[1].record.name in page
    assert letter.people[0].record.name not in page
    assert f'href="/{letter.slug}/names/signatories-en.html"' in letter.get("en/").body.decode()
    shard = letter.get("names/names-0.json").json
    assert sorted(row[0] for row in shard) == sorted(
        [letter.people[1].record.name, letter.people[2].record.name, "T. P."]
    )
    assert msgspec.json.encode(shard).find(letter.people[0].record.name.encode()) == -1
