"""What readers and the press take away: feed, press kit, the count on other people's pages, pictures. Never a name."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from django.conf import settings

from undersigned.press.errors import EngineError
from undersigned.press.picture import SIZES, PictureOrder, make_picture
from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.sources import read_settings
from undersigned.web.publication.reader_files import PICTURE_INTERVAL, UPDATE_INTERVAL
from undersigned.web.reader import embed
from undersigned.web.reader.words import words

from . import people
from .conftest import Site
from .people import Letter
from .test_life import signed_letter
from .test_names import publish

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def letter(site: Site) -> Letter:
    """With an edition of three, and everything that follows from it."""
    made = signed_letter(site, ["name"] * 3)
    publish(site, made, 1, {p.key for p in made.people[:3]})
    site.clock.now += UPDATE_INTERVAL
    site.rounds()
    return made


def entries_of(letter: Letter, language: str = "en") -> list[dict[str, str]]:
    """The feed's entries as the fields a reader's program shows."""
    answer = letter.get(f"{language}/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    root = ElementTree.fromstring(answer.body)
    assert root.find(f"{ATOM}updated") is not None
    rows = [{child.tag.removeprefix(ATOM): child.text or "" for child in entry} for entry in root.iter(f"{ATOM}entry")]
    assert len({row["id"] for row in rows}) == len(rows)
    return rows


def test_the_feed_tells_editions_and_counts_and_no_name(letter: Letter) -> None:
    """The edition with its count, the batches with theirs; no signatory."""
    rows = entries_of(letter)
    titles = [row["title"] for row in rows]
    assert "Edition 1 is published: 3 people stand behind it" in titles
    assert "3 people stand behind the letter" in titles
    text = letter.get("en/feed.atom").body.decode()
    assert not [p for p in letter.people if p.record.name in text]
    assert not [p for p in letter.people[:3] if p.key in text]
    assert "מהדורה 1 פורסמה: 3 אנשים עומדים מאחוריה" in [row["title"] for row in entries_of(letter, "he")]


def test_the_feed_keeps_its_entries_and_has_no_exact_times(site: Site, letter: Letter) -> None:
    """A later batch adds an entry; older ones keep their hour, and every time is a whole hour."""
    before = entries_of(letter)
    site.clock.now += 7200
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    after = entries_of(letter)
    assert [row for row in before if row not in after] == []
    assert "2 people stand behind the letter" in [row["title"] for row in after]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", row["updated"]) for row in after)
    assert len({row["updated"] for row in after}) == 2


def test_the_press_kit_has_the_facts_and_leads_to_files_that_are_there(site: Site, letter: Letter) -> None:
    """Count, conditions, a PDF once there is one, a picture, and HTML to copy that names this site."""
    page = unescape(letter.get("press/en.html").body.decode())
    assert "3 people stand behind this letter" in page
    assert words("en")["press_no_print"] in page
    assert f'<iframe src="http://127.0.0.1:8000/{letter.slug}/embed/en.html"' in page
    assert words("en")["press_no_contact"] in page
    site.world.storage.put(f"{letter.slug}/press/1/he.pdf", b"%PDF-1.7 test")
    site.clock.now += UPDATE_INTERVAL
    site.rounds()
    page = letter.get("press/en.html").body.decode()
    assert f'href="/{letter.slug}/press/1/he.pdf">Edition 1, עברית<' in page
    assert words("en")["press_no_print"] not in page
    assert letter.get("share/en.png").status == 200


def test_the_count_may_stand_on_anybodys_page(letter: Letter) -> None:
    """Frame and pictures say so in their headers, run nothing, and carry the count; the letter's own page may not."""
    frame = letter.get("embed/en.html")
    policy = frame.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in frame.body.decode()
    assert '<p class="numeral">3</p>' in frame.body.decode()
    for kind, starts in (("svg", b"<svg"), ("png", b"\x89PNG")):
        picture = letter.get(f"embed/he.{kind}")
        assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
        assert picture.body.startswith(starts)
    # The control: what is not made for it is not given away.
    own = letter.get("en/")
    assert "frame-ancestors 'none'" in own.headers["content-security-policy"]
    assert own.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_drawing_runs_the_way_its_language_does(letter: Letter) -> None:
    """Hebrew begins at the right edge; the whole sentence is its title."""
    drawn = letter.get("embed/he.svg").body.decode()
    assert 'direction="rtl"' in drawn
    assert f'x="{SIZES["count"][0] - 28}"' in drawn
    assert "<title>3 אנשים עומדים מאחורי המכתב הזה. מהדורה 1 פורסמה.</title>" in drawn
    ElementTree.fromstring(drawn)


@pytest.mark.parametrize("kind", ["share", "count"])
@pytest.mark.parametrize(
    ("lang", "title"),
    [("en", "Give the valley its water"), ("he", "תנו לעמק מים"), ("ar", "أعيدوا الماء"), ("ru", "Верните воду"),
     ("en", "Long words " * 60), ("en", "Water \U0001f4a7 and\u202e more")],
)  # fmt: skip
def test_a_picture_has_its_size_whatever_the_title(kind: str, lang: str, title: str) -> None:
    """Every script is set; what no face can show is left out, what is too long is cut: there is always a picture."""
    data = make_picture(PictureOrder(kind, title, lang, "1,234", "stand behind this letter"))  # type: ignore[arg-type]
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == SIZES[kind]


def test_pictures_follow_the_count_within_a_minute(site: Site, letter: Letter) -> None:
    """Not with each batch: each takes time to set. But the last count is always shown eventually."""
    first = letter.get("share/en.png").body
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    second = letter.get("share/en.png").body
    assert second != first, "the edition's names are gone: that is said at once"
    assert people.withdraw(letter, letter.people[1]).status == 201
    site.clock.now += UPDATE_INTERVAL
    site.rounds()
    assert letter.get("share/en.png").body == second
    site.clock.now += PICTURE_INTERVAL
    site.rounds()
    assert letter.get("share/en.png").body != second


def test_a_title_that_cannot_be_set_costs_the_picture_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log, the page and the count go on."""

    def fails(*_: object) -> dict[str, bytes]:
        raise EngineError("it does not fit")

    monkeypatch.setattr("undersigned.web.publication.reader_files.pictures", fails)
    letter = signed_letter(site, ["name"])
    site.clock.now += UPDATE_INTERVAL
    site.rounds()
    assert letter.get("count.json").json["count"] == 1
    assert letter.get("share/en.png").status == 404
    assert letter.get("embed/en.svg").status == 200


def test_a_shared_page_has_its_picture(letter: Letter) -> None:
    """Whole addresses, the title, the count in words, and the other languages' versions."""
    page = unescape(letter.get("he/").body.decode())
    site = f"http://127.0.0.1:8000/{letter.slug}"
    assert f'<meta property="og:image" content="{site}/share/he.png">' in page
    assert f'<link rel="canonical" href="{site}/he/">' in page
    assert f'hreflang="en" href="{site}/en/"' in page
    assert 'content="3 אנשים עומדים מאחורי המכתב הזה. מהדורה 1 פורסמה."' in page
    png = letter.get("share/he.png").body
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1200, 630)


def test_the_press_page_shows_the_contact(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contact from ``settings.toml``, as a link if it is an email address; a page of text is refused."""
    root = settings.DATA.root
    lines = 'authority = "127.0.0.1:8000"\nscheme = "http"\n'
    path = root / "contact-test"
    path.mkdir()
    (path / "settings.toml").write_text(lines + 'contact = "press@letters.example"\n')
    found = read_settings(DataDir(path))
    monkeypatch.setattr(settings, "SITE", found)
    letter = signed_letter(site, ["name"])
    site.clock.now += UPDATE_INTERVAL
    site.rounds()
    assert '<a href="mailto:press@letters.example">' in letter.get("press/en.html").body.decode()
    for wrong in ("contact = 7\n", f'contact = "{"x" * 201}"\n', 'contact = "a\\nb"\n'):
        (path / "settings.toml").write_text(lines + wrong)
        with pytest.raises(DataError, match="contact"):
            read_settings(DataDir(path))


def test_the_log_says_once_which_title_no_picture_shows(caplog: pytest.LogCaptureFixture) -> None:
    """Not with every picture; and nothing is said of a title that is shown whole."""
    for title in (
        "Give water",
        "We ask \u10e3\u10d7\u10ee\u10d0\u10e0\u10d8",
        "We ask \u10e3\u10d7\u10ee\u10d0\u10e0\u10d8",
    ):
        embed._warn_lost_letters("letters.example.org/once", title, "en")
    (record,) = caplog.records
    assert "shows its address instead of its title" in record.getMessage()
