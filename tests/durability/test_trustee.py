"""One system call of a trustee's tool goes wrong (R2, R3) while it mirrors, cosigns and opens, makes or destroys a key.

The i-th call that changes anything in the trustee's folder kills the tool, or answers EIO or ENOSPC, for i = 1, 2, ...
until there is none left. Whatever happens: the mirror is whole, a log that contradicts what was cosigned is refused,
no name is opened that the cut does not cover, the key is there, and the tool, run again, finishes the work.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from letterworld import LetterWorld
from undersigned.client.keyfile import TrusteeKey
from undersigned.protocol import base64url, checkpoint, merkle, opening, tiles
from undersigned.protocol.errors import ProtocolError
from web.server import SOURCES

from . import gate
from .saboteur import FAULTS, Saboteur
from .served import ServedWorld
from .tally import Row, Tally
from .tool import locked

pytestmark = [
    pytest.mark.durability,
    pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="a trustee's tool has no database"),
    pytest.mark.skipif(gate.usable() != "", reason=gate.usable()),
]
WORK = "files written in place, and kept after they are cosigned"
KEY = "a key's files written in place"


class Tool:
    """``durability.tool``, ready for commands."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": SOURCES}
        words = [sys.executable, "-m", "durability.tool"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def __call__(self, *words: str, gate: str = "", broken: bool = False) -> int:
        """One command; its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, "gate": gate, "broken": broken}).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "Traceback" not in answer["said"], answer["said"]
        return int(answer["status"])

    def close(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=30)


@pytest.fixture
def tool() -> Iterator[Tool]:
    made = Tool()
    yield made
    made.close()


@dataclass
class Desk:
    """A trustee's folder, before and while something goes wrong, and the two logs they may be shown.

    ``honest``: the log that goes on from what ``before`` has seen, up to a cut; ``forked``: another that does.
    """

    tool: Tool
    place: Path
    before: Path
    served: ServedWorld
    honest: LetterWorld
    forked: LetterWorld

    @classmethod
    def made(cls, folder: Path, tool: Tool, served: ServedWorld) -> Desk:
        """A visitor who has watched a letter since it had three signatures."""
        honest, forked = served.world(), served.world()
        for world in (honest, forked):
            for person in world.people[:3]:
                world.sign(person)
        assert honest.log == forked.log
        desk = cls(tool, folder / "now", folder / "before", served, honest, forked)
        desk.place.mkdir()
        (desk.place / "pass").write_text("six invented words for a test\n")
        (desk.place / "key.age").write_bytes(locked(TrusteeKey("Trustee 1", *honest.trustees[0])))
        served.show(honest)
        assert desk.run("watch") == 0
        shutil.copytree(desk.place, desk.before)
        honest.sign(honest.people[3])
        honest.sign(honest.people[4])
        honest.withdraw(honest.people[0])
        honest.notice()
        honest.cut()
        for person in reversed(forked.people):
            forked.sign(person)
        return desk

    def run(self, what: str, *, gate: str = "", broken: bool = False) -> int:
        """``undersigned trustee watch`` once, or ``open``."""
        options = {"watch": ["--once"], "open": ["--yes"]}[what]
        words = [
            "trustee", what, f"{self.place}/key.age", self.served.link, "--passphrase-file", f"{self.place}/pass",
            "--state", f"{self.place}/state", *options,
        ]  # fmt: skip
        return self.tool(*words, gate=gate, broken=broken)

    def begin(self) -> None:
        """As it was before."""
        shutil.rmtree(self.place)
        shutil.copytree(self.before, self.place)
        self.served.show(self.honest)

    def seen(self) -> int:
        """How many entries the mirror holds; all of them, and every hash over them. Raises ProtocolError, OSError."""
        log = self.place / "state" / "log"
        point, _ = checkpoint.verify((log / "checkpoint").read_bytes(), self.honest.manifest.origin, self._log_key)
        data = list(tiles.read_entries(point.size, lambda path: (log / path).read_bytes()))
        tiles.check_tiles(point.size, lambda path: (log / path).read_bytes(), data)
        assert merkle.root(merkle.leaf_hash(entry) for entry in data) == point.root
        return point.size

    @property
    def _log_key(self) -> bytes:
        return base64url.decode(self.honest.manifest.log)

    def whole(self) -> bool:
        """Whether the mirror is that of the log before or after, and not torn."""
        try:
            return self.seen() in (7, len(self.honest.log))
        except (ProtocolError, OSError, AssertionError):
            return False

    def opened(self) -> set[str]:
        """Whose shares were handed in."""
        posted = self.served.server.posted("openings")
        return {key for data in posted for key in opening.parse_openings(data).shares}

    def cosigned(self) -> bool:
        """Whether a checkpoint was cosigned."""
        return bool(self.served.server.posted("cosignatures"))

    def covered(self) -> set[str]:
        """Whom the cut opens."""
        return {self.honest.people[number].key for number in (1, 2, 3, 4)}

    def harm(
        self, what: str, saboteur: Saboteur, fault: str, when: int, *, broken: bool = False
    ) -> Counter[str] | None:
        """One trial: what is wrong after it, in words; None if there was no such call."""
        self.begin()
        saboteur.arm(fault, when)
        status = self.run(what, gate=saboteur.where, broken=broken)
        if not saboteur.disarm():
            assert status == 0
            return None
        found: Counter[str] = Counter()
        cosigned, opened = self.cosigned(), self.opened()
        key = (self.before / "key.age").read_bytes()
        found["the key is lost"] += (self.place / "key.age").read_bytes() != key
        found["the mirror is torn"] += not self.whole()
        found["somebody was opened who must not be"] += not opened <= self.covered()
        left = self.place.with_name("left")
        shutil.copytree(self.place, left)
        # The log's operator tries another past.
        self.served.show(self.forked)
        self.run("watch", broken=broken)
        found["a fork was cosigned"] += cosigned and self.cosigned()
        shutil.rmtree(self.place)
        left.rename(self.place)
        # And the tool is run again.
        self.served.show(self.honest)
        found["it cannot go on"] += self.run(what, broken=broken) != 0
        found["it went on, and not to the end"] += not (
            self.whole() and (cosigned or self.cosigned()) and (what == "watch" or self.opened() == self.covered())
        )
        return +found


@pytest.fixture
def desk(tmp_path: Path, tool: Tool) -> Iterator[Desk]:
    served = ServedWorld()
    yield Desk.made(tmp_path, tool, served)
    served.close()


@pytest.fixture
def saboteur(tmp_path: Path) -> Iterator[Saboteur]:
    made = Saboteur(tmp_path / "now")
    yield made
    made.close()


def row_of(tally: Tally, fault: str, what: str, control: str) -> Row:
    """The table's row."""
    how = "kills" if fault == "killed" else f"answers {fault}"
    return tally.row(FAULTS[fault][0], f"a call {how} {what}", control)


def test_a_tool_that_has_seen_nothing_else_takes_the_other_log(desk: Desk) -> None:
    """So that it is what was seen that makes it refuse: else its refusals below would show nothing."""
    desk.begin()
    desk.served.show(desk.forked)
    assert desk.run("watch") == 0
    assert desk.cosigned()
    desk.served.show(desk.honest)
    assert desk.run("watch") != 0
    assert not desk.cosigned()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", ["watch", "open"])
def test_whatever_call_goes_wrong_a_trustee_keeps_their_word(
    desk: Desk, saboteur: Saboteur, tally: Tally, what: str, fault: str
) -> None:
    """Mirror complete, no fork cosigned, no name opened beyond the cut, key kept; and the next run finishes the job."""
    row = row_of(tally, fault, "in a trustee's tool", WORK)
    for when in count(1):
        harm = desk.harm(what, saboteur, fault, when)
        if harm is None:
            break
        assert saboteur.hit is not None
        row.hit(saboteur.hit.kind)
        row.acknowledged += 1
        row.lost += bool(harm)
        assert not harm, f"{when}: {saboteur.hit}"
    assert row.trials > 20


@pytest.mark.parametrize("fault", FAULTS)
def test_a_tool_that_writes_in_place_and_too_late_breaks_its_word(
    desk: Desk, saboteur: Saboteur, tally: Tally, fault: str
) -> None:
    """Control: some call tears its mirror, and after another it cosigns two logs."""
    row = row_of(tally, fault, "in a trustee's tool", WORK)
    found: Counter[str] = Counter()
    for when in count(1):
        harm = desk.harm("watch", saboteur, fault, when, broken=True)
        if harm is None:
            break
        found += harm
        row.control_trials += 1
        row.control_acknowledged += 1
        row.control_lost += bool(harm)
    assert found["the mirror is torn"], "a test that cannot fail proves nothing"
    assert found["a fork was cosigned"], "a test that cannot fail proves nothing"


def make_key(tool: Tool, place: Path, saboteur: Saboteur, fault: str, when: int, *, broken: bool = False) -> set[str]:
    """``trustee init`` with a fault, and again; what is wrong then. Whether it happened is the saboteur's ``hit``."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "pass").write_text("six invented words for a test\n")
    words = ("trustee", "init", f"{place}/key.age", "--name", "Ada Test", "--passphrase-file", f"{place}/pass")
    key, public = place / "key.age", place / "key.public.json"
    saboteur.arm(fault, when)
    tool(*words, gate=saboteur.where, broken=broken)
    saboteur.disarm()
    found = set()
    made = key.read_bytes() if key.exists() else None
    if public.exists() and made is None:
        found.add("a public file without its key")
    if not (key.exists() and public.exists()) and tool(*words) != 0:
        found.add("it cannot go on")
    if made is not None and key.read_bytes() != made:
        found.add("the key is lost")
    try:
        kept = json.loads(key.read_bytes().split(b"\n", 2)[2])
        sealing, signing = (base64url.decode(kept[half], 32) for half in ("seal", "sign"))
        shown = json.loads(public.read_bytes())
        ours = TrusteeKey("Ada Test", sealing, signing).public
        if (shown["seal"], shown["sign"]) != (ours.seal, ours.sign):
            found.add("the public file is of another key")
    except (OSError, ValueError, IndexError):
        found.add("a file is torn")
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_call_goes_wrong_a_key_is_made_once_and_kept(
    tmp_path: Path, tool: Tool, saboteur: Saboteur, tally: Tally, fault: str
) -> None:
    """There is no key file, or a whole one; run again, the public file next to it belongs to it."""
    row = row_of(tally, fault, "while a trustee's key is made or destroyed", KEY)
    for when in count(1):
        found = make_key(tool, tmp_path / "now", saboteur, fault, when)
        assert not found, f"{when}: {saboteur.hit}"
        if saboteur.hit is None:
            break
        row.hit(saboteur.hit.kind)
        row.acknowledged += 1
    assert when > 10


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_written_in_place_is_torn(
    tmp_path: Path, tool: Tool, saboteur: Saboteur, tally: Tally, fault: str
) -> None:
    """Control: some call leaves an invalid key file, which blocks the next run."""
    row = row_of(tally, fault, "while a trustee's key is made or destroyed", KEY)
    for when in count(1):
        found = make_key(tool, tmp_path / "now", saboteur, fault, when, broken=True)
        if saboteur.hit is None:
            break
        row.control_trials += 1
        row.control_acknowledged += 1
        row.control_lost += bool(found)
    assert row.control_lost, "a test that cannot fail proves nothing"


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_call_goes_wrong_the_next_run_destroys_all_of_a_key(
    desk: Desk, saboteur: Saboteur, tally: Tally, fault: str
) -> None:
    """The key file is whole or not there; run again, the command leaves no byte of the key, nor a seal."""
    row = row_of(tally, fault, "while a trustee's key is made or destroyed", KEY)
    key = (desk.before / "key.age").read_bytes()
    secret = base64url.encode(desk.honest.trustees[0][0]).encode()
    words = ("trustee", "destroy", f"{desk.place}/key.age", "--state", f"{desk.place}/state", "--yes")
    for when in count(1):
        desk.begin()
        saboteur.arm(fault, when)
        desk.tool(*words, gate=saboteur.where)
        if not saboteur.disarm():
            break
        left = desk.place / "key.age"
        assert not left.exists() or left.read_bytes() == key
        done = not left.exists() and not left.with_name("key.age.destroying").exists()
        assert (desk.tool(*words) == 0) != done
        found = {path: path.read_bytes() for path in desk.place.rglob("*") if path.is_file()}
        assert not [path for path, data in found.items() if secret in data], saboteur.hit
        assert not [path for path in found if "seals" in path.parts], saboteur.hit
        assert saboteur.hit is not None
        row.hit(saboteur.hit.kind)
        row.acknowledged += 1
    assert when > 6
