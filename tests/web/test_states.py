"""Every page says what is true in the letter's state, in every language, and nothing that belongs to another state."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from html import unescape
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undersigned.languages.figures import long_date
from undersigned.press.picture import PictureOrder, make_picture
from undersigned.protocol import entries, manifest
from undersigned.web.publication import reader_files, reconciler
from undersigned.web.reader import embed
from undersigned.web.reader.letter import letter_page
from undersigned.web.reader.messages import say
from undersigned.web.reader.state import NAMES, ROWS, LogFacts, Reading, Stage, Visible, find_state, say_state
from undersigned.web.reader.words import spoken, words
from undersigned.web.times import moment

from . import people
from .conftest import NOW, Site
from .people import Letter

LANGUAGES = ("en", "he", "ar", "de", "es", "fr", "ru")
KINDS = ("now_", "names_", "short_", "sign_next", "edit_closed", "seal_waiting")
NO_STATE = (
    "names_count", "names_edition", "names_given", "names_unchecked", "names_unlisted", "names_many", "names_search",
    "names_hint", "names_group", "names_all", "names_found", "names_none", "names_first", "names_waiting",
    "names_failed", "names_in_order", "names_part", "names_back",
)  # fmt: skip
"""Words that say nothing of a state."""


@dataclass(frozen=True)
class Expected:
    """What must be said, as words, written by hand for each stage of a life."""

    stage: str
    now: str
    names: tuple[str, ...]
    short: str
    sign: str
    edit: str
    figures: Mapping[str, int] = field(default_factory=dict)
    until: int = 0


def figures_of(letter: Letter, expected: Expected, language: str) -> dict[str, int | str]:
    """The figures of a sentence, in a letter of three trustees of whom two are needed."""
    until = long_date(moment(expected.until), language) if expected.until else ""
    return {
        **dict.fromkeys(("edition", "shown", "last", "readable", "opened", "missing"), 1),
        "threshold": letter.manifest.threshold,
        "trustees": len(letter.manifest.trustees), "approvals": 3, "signatures": letter.manifest.release.signatures,
        **expected.figures, "until": until,
    }  # fmt: skip


def all_sentences(letter: Letter, language: str, until: int) -> Iterator[str]:
    """Everything that is said of any state, with any small figures."""
    said = words(language)
    moments = [long_date(moment(until), language)] if until else []
    for key, pattern in said.items():
        if not key.startswith(KINDS) or key in NO_STATE:
            continue
        asked = [
            name for name in ("edition", "shown", "last", "opened", "missing", "approvals") if "{" + name in pattern
        ]
        for values in product(*[(0, 1, 2, 3) if name == "approvals" else (1, 2) for name in asked]):
            figures: dict[str, int | str] = {
                "threshold": letter.manifest.threshold, "trustees": len(letter.manifest.trustees),
                "signatures": letter.manifest.release.signatures, **dict(zip(asked, values, strict=True)),
            }  # fmt: skip
            if "{until}" not in pattern:
                yield say(said, key, **figures)
            for spelt in moments if "{until}" in pattern else ():
                yield say(said, key, **{**figures, "until": spelt})


def text_of(answer: people.Answer) -> str:
    """The whole page, unescaped: what people read, and the metadata in its head."""
    assert answer.status == 200
    return unescape(answer.body.decode())


def surfaces(letter: Letter, language: str, drawn: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Every place that says where the letter is in its life, and which of the sentences it says."""
    feed = text_of(letter.get(f"{language}/feed.atom"))
    subtitle = re.search(r"<subtitle>(.*?)</subtitle>", feed)
    assert subtitle is not None
    page = text_of(letter.get(f"{language}/"))
    found = {
        "letter": ("now names short", page),
        "press page": ("now names short", text_of(letter.get(f"press/{language}.html"))),
        "feed": ("now names", subtitle[1]),
        "frame": ("short", text_of(letter.get(f"embed/{language}.html"))),
        "drawing": ("short", text_of(letter.get(f"embed/{language}.svg"))),
        "picture": ("short", drawn[language]),
        "counted": ("now", text_of(letter.get(f"{language}/counted/"))),
    }
    if letter.manifest.sealed:
        found["sign"] = ("sign", text_of(letter.get(f"{language}/sign/")))
        found["edit"] = ("edit", text_of(letter.get(f"{language}/edit/")))
        found["withdraw"] = ("now", text_of(letter.get(f"{language}/withdraw/")))
    return found


class Life:
    """A letter that is driven from state to state, and looked at in each."""

    def __init__(self, site: Site, drawn: dict[str, str], **how: Any) -> None:
        self.site, self.drawn = site, drawn
        self.letter = site.draft(size=8, also=LANGUAGES[3:], arabic=True, **how)

    def rounds(self) -> None:
        """The clerk looks once, without a second passing: what is said follows at once."""
        self.site.rounds(1)

    def look(self, expected: Expected) -> None:
        """Every place says what it must, in every language, and nothing of any other state."""
        self.rounds()
        letter = self.letter
        assert letter.status()["stage"] == expected.stage
        for language in LANGUAGES:
            said, figures = words(language), figures_of(letter, expected, language)
            everything = set(all_sentences(letter, language, expected.until))
            for place, (kinds, text) in surfaces(letter, language, self.drawn).items():
                keys = [key for kind in kinds.split() for key in self._keys(expected, kind) if key]
                required = [say(said, key, **figures) for key in keys]
                assert [s for s in required if s not in text] == [], (expected.stage, place, language)
                allowed = " ".join((*required, *(f"{sentence}." for sentence in required)))
                wrong = [s for s in everything if s in text and s not in allowed]
                assert wrong == [], (expected.stage, place, language)

    def _keys(self, expected: Expected, kind: str) -> tuple[str, ...]:
        found = getattr(expected, kind)
        return found if isinstance(found, tuple) else (found,)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The text on each language's share picture; nothing is painted."""
    found: dict[str, str] = {}

    def paint(order: Any) -> bytes:
        found[order.lang] = f"{order.title} {order.count} {order.means} {order.state}"
        return b"picture"

    monkeypatch.setattr(embed, "make_picture", paint)
    return found


SEALED = ("names_sealed",)
LATER = ("names_shown", "names_later")
GONE = ("names_erased", "names_later")
WAITING = Expected("awaiting-trustees", "now_waiting", SEALED, "short_waiting", "seal_waiting", "seal_waiting",
                   {"approvals": 1})  # fmt: skip
OPEN = Expected("open", "now_open", SEALED, "short_sealed", "", "")
CUT = Expected("cut", "now_cut", SEALED, "short_closed", "sign_next", "edit_closed")
OPENING = Expected("opening", "now_opening", ("names_opening",), "short_closed", "sign_next", "edit_closed")
REVIEW = Expected("review", "now_review", ("names_review", "names_later"), "short_closed", "sign_next", "edit_closed")
PUBLISHED = Expected("published", "now_published", LATER, "short_published", "sign_next", "edit_closed")


def noticed(stage: str, names: tuple[str, ...], until: int = 0, **figures: int) -> Expected:
    """While a notice runs, and after: what is said on the pages for signing is what is said everywhere."""
    now = {"notice": "now_notice", "cut-due": "now_due", "cut-lacks-signatures": "now_lacking"}[stage]
    return Expected(stage, now, names, "short_notice", now, now, figures, until)


def abandoned(*names: str, **figures: int) -> Expected:
    """However it came to it."""
    return Expected("abandoned", "now_abandoned", names, "short_abandoned", "now_abandoned", "now_abandoned", figures)


def give_notice(site: Site, letter: Letter, edition: int, seconds: int = 600) -> int:
    """Notice of a cut; when it comes at the earliest."""
    until = site.clock.now + seconds
    assert people.notice(letter, edition, manifest.format_time(moment(until))).status == 201
    return until


def abandon(letter: Letter) -> None:
    """The organiser gives the letter up."""
    entry = entries.Abandon(v=1, letter=letter.l)
    assert letter.entry(entry, letter.organiser).status == 201


def publish(site: Site, letter: Letter, edition: int) -> None:
    """Cosigned, and published."""
    if letter.manifest.sealed:
        site.cosigned(letter)
    assert site.publish(letter, edition).status == 201


def sealed_life(site: Site, drawn: dict[str, str]) -> None:
    """Two editions, and everything between; the clock alone turns a notice that runs into one that is due."""
    life = Life(site, drawn)
    letter = life.letter
    for trustee, (_, seed) in enumerate(letter.trustees, start=1):
        approval = entries.Approval(v=1, letter=letter.l, trustee=trustee)
        assert letter.entry(approval, seed).status == 201
        if trustee == 1:
            life.look(WAITING)
    life.look(OPEN)
    for person in letter.people[:3]:
        assert people.sign(letter, person).status == 201
    life.look(OPEN)
    until = give_notice(site, letter, 1)
    life.look(noticed("notice", SEALED, until))
    site.clock.now = until
    life.look(noticed("cut-due", SEALED))
    assert people.cut(letter).status == 201
    life.look(CUT)
    keys = {p.key for p in letter.people[:3]}
    site.open_all(letter, keys, trustees=(3,))
    life.look(OPENING)
    site.open_all(letter, keys, trustees=(1,))
    life.look(REVIEW)
    publish(site, letter, 1)
    life.look(PUBLISHED)
    assert people.sign(letter, letter.people[3]).status == 201
    life.look(PUBLISHED)
    until = give_notice(site, letter, 2)
    life.look(noticed("notice", LATER, until, edition=2))
    site.clock.now = until
    life.look(noticed("cut-due", LATER, edition=2))
    assert people.cut(letter, 2).status == 201
    second = {"edition": 2}
    life.look(Expected("cut", "now_cut", LATER, "short_closed", "sign_next", "edit_closed", second))
    site.open_all(letter, {letter.people[3].key}, 2, (1,))
    life.look(Expected("opening", "now_opening", LATER, "short_closed", "sign_next", "edit_closed", second))
    site.open_all(letter, {letter.people[3].key}, 2, (2,))
    both = ("names_shown", "names_review", "names_later")
    review = {"edition": 2, "last": 2, "readable": 2}
    life.look(Expected("review", "now_review", both, "short_closed", "sign_next", "edit_closed", review))
    publish(site, letter, 2)
    last = {"edition": 2, "shown": 2, "last": 2}
    life.look(Expected("published", "now_published", LATER, "short_published", "sign_next", "edit_closed", last))
    assert people.withdraw(letter, letter.people[0]).status == 201
    erased = "published-without-names"
    life.look(Expected(erased, "now_erased", GONE, "short_erased", "sign_next", "edit_closed", last))
    abandon(letter)
    life.look(abandoned("names_erased", "names_kept", **last))


def test_a_sealed_letter_says_where_it_is_all_its_life(site: Site, drawn: dict[str, str]) -> None:
    """From the first approval to the end: letter, press page, feed, frame, drawing, picture, signing pages, status."""
    assert set(LANGUAGES) == set(spoken())
    sealed_life(site, drawn)


def test_a_page_with_a_fixed_sentence_is_found_out(
    site: Site, drawn: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a letter page that always says the names are sealed does not come through."""
    real = letter_page

    def fixed(shown: Any, state: Any, language: str) -> bytes:
        figures = {"threshold": shown.manifest.threshold, "trustees": len(shown.manifest.trustees)}
        sentence = say(words(language), "names_sealed", **figures)
        return real(shown, state, language).replace(b"</main>", f"<p>{sentence}</p></main>".encode())

    monkeypatch.setattr(reader_files, "letter_page", fixed)
    with pytest.raises(AssertionError, match="opening"):
        sealed_life(site, drawn)


def test_a_clerk_that_does_not_look_at_the_clock_is_found_out(
    site: Site, drawn: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: pages that are made when the log grows, and only then, go on promising a time that is over."""
    real = letter_page
    kept: dict[Any, bytes] = {}

    def stale(shown: Any, state: Any, language: str) -> bytes:
        return kept.setdefault((shown.standing.size, language), real(shown, state, language))

    monkeypatch.setattr(reader_files, "letter_page", stale)
    with pytest.raises(AssertionError, match="cut-due"):
        sealed_life(site, drawn)


def test_a_cut_that_too_few_stand_behind_is_not_called_due(site: Site, drawn: dict[str, str]) -> None:
    """The notice's time is over, and the cut would be refused; then the letter is abandoned, sealed for good."""
    life = Life(site, drawn, signatures=2)
    people.approve(life.letter)
    assert people.sign(life.letter, life.letter.people[0]).status == 201
    until = give_notice(site, life.letter, 1)
    site.clock.now = until
    life.look(noticed("cut-lacks-signatures", SEALED))
    assert people.cut(life.letter).status != 201
    assert people.sign(life.letter, life.letter.people[1]).status == 201
    life.look(noticed("cut-due", SEALED))
    abandon(life.letter)
    life.look(abandoned("names_kept"))
    assert "/sign/" not in text_of(life.letter.get("en/")).partition("data-controller")[2].partition(">")[2]


def test_a_letter_abandoned_when_the_site_could_read_the_names_says_so(site: Site, drawn: dict[str, str]) -> None:
    """Two trustees had opened them; "the names cannot be read" would be permanently false."""
    life = Life(site, drawn)
    people.approve(life.letter)
    assert people.sign(life.letter, life.letter.people[0]).status == 201
    life.rounds()
    site.cut(life.letter)
    site.open_all(life.letter, {life.letter.people[0].key})
    life.look(REVIEW)
    abandon(life.letter)
    life.look(abandoned("names_known", "names_kept"))


def test_a_letter_that_was_not_published_in_time_says_so(site: Site, drawn: dict[str, str]) -> None:
    """After ``abandon_after`` no trustee's tool opens anything; the clock alone brings the sentence."""
    life = Life(site, drawn)
    people.approve(life.letter)
    assert people.sign(life.letter, life.letter.people[0]).status == 201
    life.look(OPEN)
    site.clock.now = int(manifest.parse_time(life.letter.manifest.release.abandon_after).timestamp()) + 1
    life.look(Expected("lapsed", "now_lapsed", ("names_kept",), "short_lapsed", "now_lapsed", "now_lapsed"))


def test_a_public_letter_says_where_it_is_all_its_life(site: Site, drawn: dict[str, str]) -> None:
    """Nothing about seals or trustees, and the names can be read, as it says, from the first signature on."""
    life = Life(site, drawn, public=True, check="codes")
    letter, names = life.letter, ("names_public",)
    for person in letter.people[:3]:
        assert people.sign(letter, person).status == 201
    life.look(Expected("open", "now_open", names, "short_public", "", ""))
    until = give_notice(site, letter, 1)
    life.look(noticed("notice", names, until))
    site.clock.now = until
    life.look(noticed("cut-due", names))
    assert people.cut(letter).status == 201
    life.look(Expected("cut", "now_unpublished", names, "short_closed", "", ""))
    publish(site, letter, 1)
    life.look(Expected("published", "now_published", names, "short_published", "", ""))
    assert people.withdraw(letter, letter.people[0]).status == 201
    life.look(Expected("published-without-names", "now_erased", names, "short_erased", "", ""))
    abandon(letter)
    life.look(abandoned("names_public"))


def test_no_page_says_an_edition_is_published_before_it_can_be_read(
    site: Site, drawn: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the table, and its files are not in place yet: nothing leads to them, and nothing says so."""
    life = Life(site, drawn)
    letter = life.letter
    people.approve(letter)
    assert people.sign(letter, letter.people[0]).status == 201
    life.rounds()
    site.cut(letter)
    site.open_all(letter, {letter.people[0].key})
    site.cosigned(letter)
    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["undersigned.web.publication.publish"], "place_editions", lambda *_: None)
        patched.setattr(reconciler, "publishing_unless_busy", lambda: nullcontext(False))
        assert site.publish(letter).status == 201
        life.rounds()
        page = text_of(letter.get("en/"))
        assert "editions/1/" not in page
        assert "Edition 1 has closed, and its names have been opened. It isn’t published yet." in page
        assert "Edition 1 is published" not in text_of(letter.get("press/en.html"))


logs = st.builds(
    LogFacts,
    approvals=st.integers(0, 3),
    count=st.integers(0, 5),
    abandoned=st.booleans(),
    edition=st.integers(0, 3),
    after=st.sampled_from(["2027-01-01T00:00:00Z", "2027-01-20T00:00:00Z"]),
    cut=st.booleans(),
)
editions = st.sets(st.integers(1, 3))


@settings(deadline=None, max_examples=400)
@given(logs, st.integers(NOW - 10**7, NOW + 10**7), st.dictionaries(st.integers(1, 3), st.integers(0, 3)), editions,
       editions, st.booleans())  # fmt: skip
def test_the_table_has_a_row_for_every_state_and_never_calls_sealed_what_is_not(
    logged: LogFacts, now: int, opened: dict[int, int], published: set[int], erased: set[int], sealed: bool
) -> None:
    """Whatever the facts: there are sentences in every language, and each is true of them."""
    letter = manifest_of(sealed)
    published = {n for n in published if n <= logged.edition and (n < logged.edition or logged.cut)}
    if logged.approvals < len(letter.trustees):
        # There can be no signatures yet.
        published, opened = set(), {}
    # Shares are taken of editions that have been cut.
    opened = {n: trustees for n, trustees in opened.items() if n < logged.edition + logged.cut}
    state = find_state(letter, logged, now, opened, published, erased & published)
    for language in LANGUAGES:
        said = say_state(state, letter, words(language))
        assert said.now
        assert said.names
        assert said.short
        assert not re.search(r"[{}#]", " ".join((said.now, said.names, said.short, said.sign, said.edit)))
    if not sealed:
        return
    keys = NAMES[state.of_it, state.reading, ROWS[state.stage].over]
    newest = max(published, default=0)
    readable = any(n > newest and trustees >= letter.threshold for n, trustees in opened.items())
    if "names_sealed" in keys or "names_opening" in keys:
        assert not readable
        assert not published
    assert ("names_review" in keys or "names_known" in keys) == readable
    assert ("names_shown" in keys) == (bool(published) and max(published) not in erased)
    assert ("names_erased" in keys) == (bool(published) and max(published) in erased)


def manifest_of(sealed: bool) -> manifest.Manifest:
    """A letter of three trustees, or none; only what decides a state."""
    from letterworld import LetterWorld

    release = manifest.Release(
        signatures=2, not_before="2027-01-10T00:00:00Z", grace=60, abandon_after="2027-03-01T00:00:00Z"
    )
    return LetterWorld(2, sealed=sealed, approve=False, extra={"release": release}).manifest


def test_every_row_is_used_and_complete() -> None:
    """A stage without a row, or a row without a stage, is a page that breaks or a sentence that is never shown."""
    assert set(ROWS) == set(Stage)
    assert set(NAMES) == set(product(Visible, Reading, (False, True)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_short_sentence_has_room_on_both_pictures(language: str) -> None:
    """The longest in each language, with an edition's two figures, under a count of five: one page, or no picture."""
    said = words(language)
    short = {row.short or key for row in ROWS.values() for key in ("short_sealed", "short_public")}
    longest = max((say(said, key, edition=12) for key in short), key=len)
    means = say(said, "count_means", count=12345)
    for kind in ("share", "count"):
        order = PictureOrder(kind, "Give the valley its water " * 4, language, "12,345", means, longest)
        assert make_picture(order).startswith(b"\x89PNG")
