"""How the count grew: figures, file and drawing say the same, for one batch and for a thousand."""

from __future__ import annotations

import random
import re

import pytest

from undersigned.web.reader.chart import COLUMNS, HEIGHT, WIDTH, chart
from undersigned.web.reader.history import MAX_STEPS, Batch, history_file, peak, steps
from undersigned.web.reader.messages import say
from undersigned.web.reader.words import words

from . import people
from .conftest import Site
from .test_life import signed_letter


def invented(number: int) -> list[Batch]:
    """So many batches, whose count never falls below 0."""
    chance = random.Random(number)
    return [Batch(1 + chance.randrange(9), chance.randrange(2)) for _ in range(number)]


@pytest.mark.parametrize("number", [1, 2, 119, 120, 121, 1000, 2345])
def test_steps_add_up_to_the_batches(number: int) -> None:
    """However many are told as one, nothing is lost: sums, count and number of batches are those of the whole."""
    batches = invented(number)
    for most in (COLUMNS, MAX_STEPS):
        rows = steps(batches, most)
        assert len(rows) <= most
        assert sum(row.batches for row in rows) == number
        assert sum(row.signed for row in rows) == sum(b.signed for b in batches)
        assert sum(row.withdrawn for row in rows) == sum(b.withdrawn for b in batches)
        assert rows[-1].count == sum(b.signed - b.withdrawn for b in batches)


def test_the_highest_count_may_lie_within_a_step() -> None:
    """Three sign and two withdraw: the count was three once."""
    assert peak([Batch(3, 0), Batch(0, 2)]) == 3
    assert peak([]) == 0


@pytest.mark.parametrize("language", ["en", "he", "ar"])
@pytest.mark.parametrize("number", [1, 2, 1000])
def test_the_drawing_is_of_these_figures(number: int, language: str) -> None:
    """Every shape is inside the picture; the line ends at the count; bars are as long as what they show."""
    batches = invented(number)
    drawn = chart(batches, words(language), "c")
    points = [tuple(map(float, point.split(","))) for point in drawn["line"].split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    rows = steps(batches, COLUMNS)
    share = (drawn["ground"] - points[-1][1]) / (drawn["ground"] - drawn["top"])
    assert share == pytest.approx(rows[-1].count / peak(batches), abs=0.01)
    assert len(drawn["signed"]) == sum(row.signed > 0 for row in rows)
    assert len(drawn["withdrawn"]) == sum(row.withdrawn > 0 for row in rows)
    for x, y, width, height in (*drawn["signed"], *drawn["withdrawn"]):
        assert x >= 0
        assert x + width <= WIDTH
        assert y >= 0
        assert y + height <= HEIGHT
    grows_rightwards = points[-1][0] > points[0][0]
    assert grows_rightwards == (language == "en"), "time runs as the page is read"


def test_the_drawing_is_described_in_words_with_figures() -> None:
    """Text alternative with the same figures: signed, withdrawn, count and peak."""
    said = chart([Batch(1200, 0), Batch(3, 203)], words("en"), "c")
    assert said["words"] == (
        "1,203 people have signed, 203 have withdrawn. 1,000 people stand behind the letter now. "
        "The highest count was 1,200."
    )
    assert "the 2 batches" in said["axis"]
    assert chart([], words("en"), "c") == {"words": words("en")["chart_none"], "drawn": False}


def test_the_file_of_the_figures_stays_small() -> None:
    """A letter of 100,000 batches has a file of at most 1,000 steps."""
    assert len(history_file([Batch(1, 0)] * 100_000)) < 100_000


def test_the_letters_page_shows_how_the_count_grew(site: Site) -> None:
    """After sign, sign, withdraw: the chart's words and its file say three batches, two signed, one withdrew."""
    letter = signed_letter(site, ["name"])
    assert people.sign(letter, letter.people[1]).status == 201
    site.rounds()
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    found = letter.get("history.json").json
    assert found["batches"] == 3
    assert [step["count"] for step in found["steps"]] == [1, 2, 1]
    page = letter.get("en/").body.decode()
    assert say(words("en"), "chart_words", signed=2, withdrawn=1, count=1, peak=2) in page
    assert len(re.findall(r"<rect", page)) == 3
    assert 'role="img"' in page
    assert "no one" not in letter.get("en/").body.decode().lower().split("chart")[1][:2000]


def test_a_clerk_that_starts_again_tells_the_same_history(site: Site) -> None:
    """It is read from the entries, so nothing is lost with the process."""
    from undersigned.web.log.history import History
    from undersigned.web.records.models import Letter as Row

    letter = signed_letter(site, ["name"] * 3)
    again = History(Row.objects.get(slug=letter.slug).pk)
    assert sum(b.signed for b in again.batches()) == 3
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert sum(b.withdrawn for b in again.batches()) == 1
    assert letter.get("history.json").json["batches"] == len(again.batches())
