"""The server's clock is wrong by an hour or a year, either way (R11): no wait is longer, nothing is out early."""

from __future__ import annotations

import pytest

from undersigned.protocol import manifest
from undersigned.protocol.manifest import Manifest
from undersigned.web.log import sequence
from undersigned.web.records.models import Batch, Pending

from . import people
from .conftest import Site

HOUR, YEAR = 3600, 365 * 86400


def waiting() -> int:
    """Entries that wait for their batch, which no status shows."""
    return Pending.objects.count()


@pytest.mark.parametrize("step", [-HOUR, -YEAR])
def test_a_clock_set_back_delays_no_batch(site: Site, step: int) -> None:
    """A signature taken before is in the log at once, not when the clock has caught up."""
    letter = site.letter(batch=(1000, 60))
    site.clock.now += 120
    site.rounds()
    assert people.sign(letter, letter.people[0]).status == 201
    site.rounds()
    assert waiting() == 1
    site.clock.now += step
    site.rounds()
    assert waiting() == 0
    assert letter.get("count.json").json["count"] == 1


def test_control_a_clerk_that_trusts_its_clock_lets_people_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a clerk that only asks whether the time has come."""

    def naive(batch: Batch, _manifest: Manifest, now: int) -> bool:
        return batch.closed or batch.urgent or batch.due <= now

    letter = site.letter(batch=(1000, 60))
    assert people.sign(letter, letter.people[0]).status == 201
    monkeypatch.setattr(sequence, "is_due", naive)
    site.clock.now -= YEAR
    site.rounds()
    assert waiting() == 1


@pytest.mark.parametrize("step", [-YEAR, -HOUR, HOUR, YEAR])
def test_whatever_the_clock_says_the_log_goes_on_and_only_grows(site: Site, step: int) -> None:
    """Signing and withdrawing go on; each checkpoint is larger than the one before; the same entry has its receipt."""
    letter = site.letter()
    sizes = []
    for number in range(4):
        assert people.sign(letter, letter.people[number]).status == 201
        site.rounds()
        sizes.append(letter.get("count.json").json["size"])
        site.clock.now += step if number % 2 == 0 else -step
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert sizes == sorted(set(sizes))
    assert letter.get("count.json").json == {"count": 3, "signed": 4, "size": sizes[-1] + 1, "withdrawn": 1}


def test_a_clock_a_year_ahead_publishes_nothing_without_trustees(site: Site) -> None:
    """Notice and cut may come early by such a clock; the names are with the trustees, who have their own clocks."""
    letter = site.letter(grace=86400)
    for person in letter.people:
        assert people.sign(letter, person).status == 201
    site.rounds()
    after = manifest.format_time(manifest.parse_time("2027-01-20T00:00:00Z"))
    assert people.notice(letter, 1, after).status == 201
    assert people.cut(letter).problem == "condition-unmet"
    site.clock.now += YEAR
    assert people.cut(letter).status == 201
    site.cosigned(letter)
    assert site.publish(letter).problem == "condition-unmet"
    assert letter.get("editions/1/edition.json").status == 404
    assert letter.people[0].record.name.encode() not in letter.get("bundle.zip").body


def test_a_notice_s_grace_does_not_shrink_when_the_clock_goes_back(site: Site) -> None:
    """Set back between notice and cut: the cut waits until the announced time by the clock there is."""
    letter = site.letter()
    assert people.sign(letter, letter.people[0]).status == 201
    after = manifest.format_time(manifest.parse_time("2027-01-20T00:00:00Z"))
    assert people.notice(letter, 1, after).status == 201
    site.clock.now -= YEAR
    assert people.cut(letter).problem == "condition-unmet"
