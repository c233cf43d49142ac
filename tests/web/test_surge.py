"""An honest letter is never called invalid while people sign and withdraw; a forged one is, each time.

The long version, with several workers and both databases, is ``bench/surge.py``.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from undersigned.client import live_check
from undersigned.client.letter import connect
from undersigned.client.link import parse_link
from undersigned.client.live_snapshot import SnapshotReader

from . import people
from .people import Letter
from .server import Server, database_for, free_port, until
from .surge import Surge, altered, begin, cosign, forger, left_out, link_of, publish, verify

READINGS = 25


def stopped(server: Server) -> None:
    if server.process is not None and server.process.poll() is None:
        server.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Letter]]:
    server = Server(tmp_path_factory.mktemp("surge") / "data", free_port())
    server.start()
    try:
        yield server, begin(server, 400)
    finally:
        stopped(server)


def readings(server: Server, letter: Letter, enough: Callable[[Counter[str]], bool]) -> Counter[str]:
    """The outcomes of readings in this process, until they are ``enough``."""
    found: Counter[str] = Counter()
    link, deadline = parse_link(link_of(server, letter)), time.monotonic() + 60
    while not enough(found) and time.monotonic() < deadline:
        with tempfile.TemporaryDirectory() as folder, connect(link) as http:
            checked = live_check.verify_live(
                SnapshotReader(http, link, Path(folder)), Path(folder), letter=link.letter, workers=1
            )
            last = checked.report.steps[-1]
            found[f"{checked.report.outcome} {last.name if checked.report.outcome != 'valid' else ''}".strip()] += 1
    return found


def test_a_letter_is_valid_while_people_sign_and_withdraw(
    site: tuple[Server, Letter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even by a reader who believes every contradiction at once: what the site shows has none."""
    monkeypatch.setattr(live_check, "STAYS", 0.0)
    server, letter = site
    surge = Surge(letter, letter.people[1:200])
    with surge.going_on():
        found = readings(server, letter, lambda f: f.total() >= READINGS and surge.signed >= 15)
    assert set(found) == {"valid"}
    assert (surge.signed >= 15, surge.withdrawn >= 3) == (True, True)


def test_a_forgery_is_found_while_people_sign_and_withdraw(site: tuple[Server, Letter]) -> None:
    server, letter = site
    link = link_of(server, letter)
    with Surge(letter, letter.people[200:]).going_on():
        with forger(altered(letter.people[0].key)) as proxy:
            code, said = verify(link, "--proxy", proxy)
            assert (code, letter.people[0].key in said) == (1, True), said
        with forger(left_out) as proxy:
            assert verify(link, "--proxy", proxy)[0] == 1
        with forger(lambda _, data: data) as proxy:
            code, said = verify(link, "--proxy", proxy)
            assert code == 0, said


def test_a_site_that_shows_checkpoints_before_names_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the old order the same readings find contradictions."""
    monkeypatch.setattr(live_check, "STAYS", 0.0)
    data, port = tmp_path / "data", free_port()
    command = [sys.executable, "-m", "web.premature", "serve", "--data", str(data), "--port", str(port)]
    server = Server(data, port, [*command, *database_for(data)])
    server.start()
    try:
        letter = begin(server, 120)
        with Surge(letter, letter.people[1:]).going_on():
            found = readings(server, letter, lambda f: f["invalid openings"] > 0)
        assert found["invalid openings"], found
    finally:
        stopped(server)


def test_a_published_letter_is_never_called_invalid_while_people_withdraw(
    site: tuple[Server, Letter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edition, openings and checkpoint change with each withdrawal; the trustees cosign as they can. Who believes every
    contradiction at once finds none; and once the trustees have caught up, the letter is valid."""
    monkeypatch.setattr(live_check, "STAYS", 0.0)
    server, _ = site
    letter = people.start(server.call, server.token, server.authority, "sealed-surge", size=14, trustees=2)
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    for person in letter.people:
        assert people.sign(letter, person).status == 201
    publish(letter, letter.people)
    failed: list[BaseException] = []

    def leave() -> None:
        try:
            for person in letter.people[:10]:
                time.sleep(1)
                assert people.withdraw(letter, person).status == 201
                cosign(letter)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=leave)
    thread.start()
    found = readings(server, letter, lambda _: not thread.is_alive())
    thread.join()
    assert not failed
    assert found.total() > 10
    assert not [outcome for outcome in found if outcome.startswith("invalid")], found

    def caught_up() -> bool:
        cosign(letter)
        return readings(server, letter, lambda f: f.total() > 0)["valid"] > 0

    until(caught_up, seconds=30)
