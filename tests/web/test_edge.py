"""The edge: headers of every response, escaping of user text, and that GET changes nothing."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import get_resolver

from undersigned.web.reader.text import to_html
from undersigned.web.reader.words import words

from . import people
from .conftest import Site
from .people import Letter
from .test_refusals import world_bytes

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
def published(site: Site) -> Letter:
    """A letter with a published edition."""
    letter = site.letter()
    for person in letter.people[:3]:
        people.sign(letter, person)
    site.rounds()
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    site.rounds()
    return letter


def crawl(letter: Letter) -> set[str]:
    """Every address under the letter that its pages lead to, and those of the interface."""
    known = {
        f"/{letter.slug}/{path}"
        for path in (
            "", "en/", "he/", "count.json", "log/checkpoint", "roll.json", "bundle.zip", "openings/1.jsonl", "status",
            "seals?from=0", "editions/1/", "editions/1/edition.json", "draft/manifest", "entries", "activate",
            "nothing",
        )
    } | {"/", "/healthz", "/static/site.css", "/api/letters", "/nothing"}  # fmt: skip
    todo = set(known)
    while todo:
        path = todo.pop()
        answer = letter.call("GET", path)
        if answer.headers["content-type"].startswith("text/html"):
            here = path if path.endswith("/") else path.rpartition("/")[0] + "/"
            for link in re.findall(r'href="([^"#]+)"', answer.body.decode()):
                link = re.sub(r"^https?://[^/]+", "", link)
                full = link if link.startswith("/") else here + link
                if full not in known:
                    known.add(full)
                    todo.add(full)
    return known


def test_every_answer_has_the_strict_headers(published: Letter) -> None:
    """Files, refusals, Django's answers and the two acts: one policy, nothing about the server's kind or version."""
    answers = {path: letter_get(published, path) for path in crawl(published)}
    answers["POST entries"] = published.post("entries", {})
    answers["POST publish"] = published.post("publish", {})
    answers["other host"] = published.get("status", host="evil.example")
    policies = set()
    for path, answer in answers.items():
        if "/embed/" in path or "/share/" in path:
            # Made for other people's pages: tests/web/test_readers.py.
            continue
        for name, value in ALWAYS.items():
            assert answer.headers.get(name) == value, (path, name)
        policy = frozenset(part.strip() for part in answer.headers["content-security-policy"].split(";"))
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= policy
        policies.add((policy, answer.headers["permissions-policy"]))
        assert "x-powered-by" not in answer.headers
        assert not re.search(r"\d", answer.headers.get("server", "")), "no version"
    assert len(policies) == 1, "the thin door and Django say the same"


def letter_get(letter: Letter, path: str) -> people.Answer:
    """A GET of a whole path."""
    return letter.call("GET", path)


def test_reading_changes_nothing(published: Letter) -> None:
    """GET of every address, unauthenticated and with the organiser's token: no row, no file differs.

    The one exception is the organiser's review of names, where each look is noted.
    """
    paths = crawl(published)
    assert len(paths) > 25
    before = world_bytes()
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            published.call(method, path)
        published.call("GET", path, b"", published.auth)
    assert world_bytes() == before


def test_every_link_of_every_page_leads_somewhere(published: Letter) -> None:
    """No page links to nothing."""
    interface = {"draft/manifest", "entries", "activate", "nothing", "status", "seals?from=0"}
    for path in crawl(published):
        if path.removeprefix(f"/{published.slug}/") not in interface and path not in ("/api/letters", "/nothing"):
            assert published.call("GET", path).status == 200, path


def test_a_file_that_has_not_changed_is_not_sent_again(published: Letter) -> None:
    """ETag and If-None-Match; tiles may be cached permanently, everything else asks again."""
    first = published.get("log/checkpoint")
    again = published.get("log/checkpoint", **{"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    head = published.call("HEAD", f"/{published.slug}/log/checkpoint")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(first.body)))


def test_every_address_of_django_is_behind_its_door(site: Site) -> None:
    """Each view asks for the organiser's token, a trustee's signature or a signed body; the database's health none.

    The public forms, and none acts without the token of its own page; a stop link proves itself.
    """
    letter = site.letter()
    for pattern in get_resolver().url_patterns:
        path = "/" + str(pattern.pattern).replace("<word:slug>", letter.slug)
        path = path.replace("<str:language>", "en").replace("<str:token>", "AAAA")
        path = path.replace("<number:number>", "1").replace("<str:name>", "page.pdf")
        for method in ("GET", "POST"):
            answer = letter.call(method, path, b"{}", people.JSON)
            if path == "/healthz/database" and method == "GET":
                assert answer.status == 200
            elif path.startswith(("/code/", "/stop/", f"/{letter.slug}/form/")):
                allowed = (404,) if "/stop/" in path else (403,) if method == "POST" else (200, 404, 409)
                assert answer.status in allowed, (method, path, answer.status)
            else:
                assert answer.status in (400, 401, 405, 415), (method, path, answer.status)


def test_a_letter_reads_right_to_left_where_it_should(published: Letter) -> None:
    """The Hebrew page says so in its root element and has the Hebrew title, text and words."""
    page = published.get("he/").body.decode()
    assert '<html lang="he" dir="rtl">' in page
    assert "תנו לעמק מים" in page
    assert "<strong>מים</strong>" in page
    english = published.get("en/").body.decode()
    assert '<html lang="en" dir="ltr">' in english
    assert '<p class="numeral">3</p>' in english


def test_names_stand_by_group_and_in_the_order_of_the_language(published: Letter) -> None:
    """The page of names holds exactly the edition's names, each group sorted as its readers sort."""
    page = published.get("editions/1/signatories-en.html").body.decode()
    shown = re.findall(r"<li><bdi>([^<]*)</bdi>", page)
    assert sorted(shown) == sorted(p.record.name for p in published.people[:3])
    assert page.index("Reserve") < page.index("Retired")


def test_user_text_is_always_escaped(site: Site) -> None:
    """Markup in a letter's text stays text, and pictures of other sites are not fetched."""
    html = to_html("<script>alert(1)</script> ![x](https://evil.example/p.png) [l](javascript:alert(1)) **b**")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<strong>b</strong>" in html


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("he", "he"),
        ("he-IL, en;q=0.5", "he"),
        ("en-GB,he;q=0.9", "en"),
        ("he;q=0.2, en;q=0.9", "en"),
        ("he;q=0, fr", "en"),
        ("fr-CA, *;q=0.1", "en"),
        ("\u2603;;q=\x01,,,", "en"),
    ],
)
def test_an_address_without_a_language_is_answered_in_the_readers_own(
    published: Letter, asked: str, language: str
) -> None:
    """Letter and edition alike; who asks for a language the letter does not have gets English, and caches are told."""
    for path in (f"/{published.slug}/", f"/{published.slug}/editions/1/"):
        answer = published.call("GET", path, b"", {"accept-language": asked.encode("utf-8").decode("latin-1")})
        assert f'<html lang="{language}"' in answer.body.decode()
        assert "accept-language" in answer.headers["vary"]


@pytest.mark.parametrize(("asked", "language"), [("he-IL,en;q=0.5", "he"), ("it", "en"), ("fr", "fr")])
def test_pages_of_no_letter_begin_in_the_readers_language(published: Letter, asked: str, language: str) -> None:
    """The front page and the page that says there is nothing have every language; the reader's is on top."""
    wanted = {"accept-language": asked, "accept": "text/html"}
    for path, word, status in (("/", "front_title", 200), ("/nothing-here/", "missing_title", 404)):
        answer = published.call("GET", path, b"", wanted)
        text = html.unescape(answer.body.decode())
        assert answer.status == status
        assert f'<html lang="{language}"' in text
        assert f"<h1>{words(language)[word]}</h1>" in text
        assert all(words(other)[word] in text for other in ("en", "he", "ru"))
        assert "accept-language" in answer.headers["vary"]
