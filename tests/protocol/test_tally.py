"""The number an edition states, and what it says of those who are on no list."""

from __future__ import annotations

from letterlives import rehearsed
from undersigned.protocol import bundle, edition
from undersigned.protocol.tally import tally


def test_the_number_is_everybody_who_stands_and_the_rest_is_accounted_for() -> None:
    """One signature struck, one void, one anonymous: the parts and the groups add up to the count."""
    made = edition.parse(rehearsed().first[bundle.edition_path(1)])
    found = tally(made.counts)
    assert found.number == made.counts.standing
    parts = (found.named, found.initials, found.anonymous, found.void, found.unresolved, found.struck)
    assert sum(parts) == found.number
    assert found.listed == len(made.roll)
    assert found.unnamed == found.anonymous + found.void + found.struck > 2
    assert found.outside(found.groups) == found.void + found.unresolved + found.struck
    assert found.outside(["reserve"]) == found.number - found.groups["reserve"]
    assert found.outside(["no such group"]) == found.outside([]) == found.number
