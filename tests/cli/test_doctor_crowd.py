"""The doctor on a busy site: a crowd signs and withdraws, and there is nothing to find."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from undersigned.protocol import tiles
from web import people
from web.finished_letter import SLUG, _publish, settled
from web.people import Letter
from web.senders import give_credential
from web.server import Server, free_port, until

from .conftest import typed

pytestmark = pytest.mark.slow
NAMED, CROWD = 60, 260
PACE = 0.05
"""Seconds a sender waits between two entries, so that the crowd does not go home too early."""


@dataclass
class Busy:
    """A running site. ``letter``: those in ``named`` are in its edition, ``others`` have not signed yet."""

    server: Server
    letter: Letter

    @property
    def named(self) -> list[people.Signer]:
        """Who is in the edition."""
        return self.letter.people[2:NAMED]

    @property
    def others(self) -> list[people.Signer]:
        """Who has not signed."""
        return self.letter.people[NAMED:]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    """An edition is published, and many can still sign."""
    server = Server(tmp_path_factory.mktemp("busy") / "data", free_port())
    server.start()
    try:
        letter = people.start(server.call, server.token, server.authority, SLUG, size=NAMED + CROWD, check="codes")
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        for person in letter.people:
            give_credential(letter, person, server.data)
        for person in letter.people[:NAMED]:
            assert letter.post("entries", people.prepare(letter, person)).status == 201
        assert people.withdraw(letter, letter.people[1]).status == 201
        settled(letter)
        _publish(replace(letter, people=letter.people[:NAMED]))
        yield Busy(server, letter)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


@contextmanager
def crowd(busy: Busy, part: int, parts: int) -> Iterator[list[int]]:
    """Two threads, one signing, one withdrawing, while something else goes on; gives the answers so far."""
    answers: list[int] = []
    stop = threading.Event()

    def sign() -> None:
        for person in busy.others[part::parts]:
            if not stop.wait(PACE):
                answers.append(busy.letter.post("entries", people.prepare(busy.letter, person)).status)

    def withdraw() -> None:
        for person in busy.named[part::parts]:
            if not stop.wait(5 * PACE):
                answers.append(people.withdraw(busy.letter, person).status)

    threads = [threading.Thread(target=sign), threading.Thread(target=withdraw)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(answers) > 2)
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert set(answers) == {201}


@pytest.mark.parametrize("run", range(4))
def test_a_busy_site_has_nothing_wrong(busy: Busy, run: int) -> None:
    """``doctor --deep`` while people sign, and others withdraw from the edition that is published: no finding."""
    with crowd(busy, run, 4) as answers:
        before = len(answers)
        said = typed("doctor", "--deep", "--data", busy.server.data)
        assert said.code == 0, said.err
        # Control: there was something to be overtaken by.
        assert len(answers) > before + 3


def test_a_fault_is_found_at_a_busy_site(busy: Busy) -> None:
    """Control: a tile that is damaged under a clerk at work is found. Last of all: it stays damaged."""
    settled(busy.letter)
    path = tiles.Tile(0, 0, min(busy.letter.status()["size"], tiles.WIDTH)).path
    tile = busy.server.data / "public" / SLUG / "log" / path
    content = tile.read_bytes()
    tile.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    said = typed("doctor", "--deep", "--data", busy.server.data)
    assert said.code == 1
    assert f"the served log: {path} does not follow from the entries" in said.err
