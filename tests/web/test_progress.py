"""Organisers see progress only by batch, and in tens (V10): they cannot watch one person sign."""

from __future__ import annotations

from typing import Any

import pytest

from undersigned.web.api import status
from undersigned.web.clerk.letter_rounds import PROGRESS_INTERVAL
from undersigned.web.letters.actions.progress import round_down
from undersigned.web.records.models import Letter as Row
from undersigned.web.records.models import Pending

from . import people
from .conftest import Site, used_codes
from .people import Letter

WAIT = 3600


def live(row: Row) -> dict[str, Any]:
    """Control: the status as it once was, with counters of this moment."""
    told = status.load_status(row)
    return {
        **told,
        "pending": Pending.objects.filter(letter=row).count(),
        "activated": len(used_codes(row.slug)),
    }


def watched(letter: Letter) -> tuple[list[Any], list[Any]]:
    """An organiser asks after every action of every person: what they see, and what a live counter would show."""
    told, control = [], []
    for person in letter.people[:25]:
        for act in (people.activate, people.sign):
            act(letter, person)
            told.append(letter.status())
            control.append(live(Row.objects.get(slug=letter.slug)))
    return told, control


def test_a_status_that_is_polled_reveals_no_single_person(site: Site) -> None:
    """Twenty-five use their codes and sign: the status stays as it was, byte for byte, until their batch is in.

    Control: with live counters each of the fifty acts is seen.
    """
    letter = site.letter(size=30, batch=(1000, WAIT))
    before = letter.status()
    told, control = watched(letter)
    assert all(status == before for status in told)
    assert len({(status["pending"], status["activated"]) for status in control}) == 50
    site.rounds()
    assert letter.status() == before
    site.clock.now += max(WAIT, PROGRESS_INTERVAL)
    site.rounds()
    after = letter.status()
    assert (after["count"], after["activated"], after["codes"], after["pending"]) == (25, 20, 30, 0)


def test_stored_progress_changes_only_with_the_next_batch(site: Site) -> None:
    """More use their codes after a batch: minutes later the organiser sees the same."""
    letter = site.letter(size=30, batch=(1000, WAIT))
    for person in letter.people[:12]:
        assert people.sign(letter, person).status == 201
    site.clock.now += WAIT
    site.rounds()
    assert letter.status()["activated"] == 10
    for person in letter.people[12:]:
        people.activate(letter, person)
    site.clock.now += 5 * PROGRESS_INTERVAL
    site.rounds()
    assert letter.status()["activated"] == 10


def test_entries_of_a_batch_that_is_due_are_on_their_way(site: Site) -> None:
    """They are told of for the moment until the clerk has placed them."""
    letter = site.letter(size=6, batch=(2, WAIT))
    assert people.sign(letter, letter.people[0]).status == 201
    assert letter.status()["pending"] == 0
    assert people.sign(letter, letter.people[1]).status == 201
    assert letter.status()["pending"] == 2
    site.rounds()
    assert letter.status()["pending"] == 0


@pytest.mark.parametrize(("number", "said"), [(0, 0), (9, 0), (10, 10), (19, 10), (983, 980)])
def test_tens(number: int, said: int) -> None:
    """Rounded down."""
    assert round_down(number) == said
