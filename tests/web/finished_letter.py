"""A site with a letter after its whole life: signed, changed, withdrawn, cut, opened, published. Made once, copied."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from undersigned.protocol.manifest import format_time
from undersigned.web.times import moment

from . import people
from .people import Letter
from .server import Server, free_port, until

SLUG = "lived"


@dataclass(frozen=True)
class Lived:
    """``data``: the data directory as it was left; ``letter``: as its people hold it; ``port``: its own."""

    data: Path
    letter: Letter
    port: int

    def copy(self, place: Path) -> Path:
        """The data directory once more, links and all that is worth nothing left out."""
        shutil.copytree(self.data, place)
        return place


def lived(folder: Path, people_: int = 9) -> Lived:
    """Nine sign, one changes, one withdraws, a cut, two trustees open, edition 1 is published; then it is stopped."""
    server = Server(folder / "data", free_port())
    server.start()
    try:
        letter = people.start(server.call, server.token, server.authority, SLUG, size=people_)
        people.approve(letter)
        until(lambda: letter.status()["state"] == "open")
        for person in letter.people:
            assert people.sign(letter, person).status == 201
        assert people.sign(letter, letter.people[0], "initials").status == 201
        assert people.withdraw(letter, letter.people[1]).status == 201
        settled(letter)
        _publish(letter)
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    return Lived(server.data, letter, server.port)


def settled(letter: Letter) -> None:
    """Waits until no entry is queued for the log."""
    until(lambda: letter.status()["pending"] == 0)


def _publish(letter: Letter) -> None:
    now = int(time.time())
    assert people.notice(letter, 1, format_time(moment(now + 1))).status == 201
    until(lambda: people.cut(letter).status == 201)
    settled(letter)
    wanted = {person.key for number, person in enumerate(letter.people) if number != 1}
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    for trustee in (1, 2):
        until(lambda t=trustee: len(people.seals(letter, t, int(time.time()))) == len(wanted))
        answer = people.open_names(letter, trustee, int(time.time()), wanted)
        assert answer.status == 204, answer.body
        assert people.cosign(letter, trustee, int(time.time())).status == 204
    answer = letter.post("publish", {"edition": 1}, **letter.auth)
    assert answer.status in (200, 201), answer.body
    until(lambda: letter.get("bundle.zip").status == 200)
    until(lambda: b"editions/1/edition.json" in letter.get("bundle.zip").body)
    until(lambda: letter.get("log/checkpoint").body.count(b"/trustee/") == 2)
