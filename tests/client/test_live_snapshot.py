"""A live letter is read at one checkpoint: what lags is waited for, what stays false is found, what does not come is 3.

The server here is a script of moments: it shows one after the other, whenever a request is made that ends one.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from letterworld import LetterWorld
from undersigned.client import live_check, live_snapshot
from undersigned.client.errors import UndeliveredError, WaitingError
from undersigned.client.link import Link
from undersigned.client.live_check import LiveReport
from undersigned.client.live_snapshot import NAMES_CHECKPOINT, SnapshotReader
from undersigned.protocol import base64url, bundle, checkpoint, manifest
from undersigned.protocol.errors import LogError
from undersigned.protocol.tiles import WIDTH

from .worldserver import BASE, WorldServer

Files = dict[str, bytes]


class Site:
    """Serves what ``shown`` holds; ``meddle``: what becomes of each answer on its way."""

    def __init__(self, world: LetterWorld) -> None:
        self.world = world
        self.shown: Files = {}
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.meddle: Callable[[str, bytes], bytes] = lambda _, data: data
        self.settle()

    def settle(self) -> None:
        """Everything is shown as of now. Older forms of the log's files stay, as on a real site."""
        now = self.world.bundle()
        kept = {path: data for path, data in self.shown.items() if path.startswith("log/tile/")}
        self.shown = {**kept, **now, NAMES_CHECKPOINT: now["log/checkpoint"]}

    def log_only(self) -> None:
        """The log is shown as of now; the names follow later."""
        self.shown.update({path: data for path, data in self.world.bundle().items() if path.startswith("log/")})

    def answer(self, asked: httpx.Request) -> httpx.Response:
        path = str(asked.url).removeprefix(BASE)
        self.asked.append(path)
        self.before(path)
        data = self.shown.get(path)
        return httpx.Response(404) if data is None else httpx.Response(200, content=self.meddle(path, data))

    def reader(self, folder: Path, patience: float = 30) -> SnapshotReader:
        http = WorldServer(self.world).http()
        http._client._transport = httpx.MockTransport(self.answer)
        link = Link("https", self.world.manifest.origin, self.world.letter)
        return SnapshotReader(http, link, folder, patience=patience, pause=lambda _: None)

    def check(self, folder: Path, patience: float = 30) -> LiveReport:
        return live_check.verify_live(self.reader(folder, patience), folder, letter=self.world.letter, workers=1)


@pytest.fixture
def public() -> Site:
    """A public letter that five have signed."""
    world = LetterWorld(people=120, sealed=False, check="codes")
    for person in world.people[:5]:
        world.sign(person)
    return Site(world)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What must stay false need not do so for seconds."""
    monkeypatch.setattr(live_check, "STAYS", 0.05)
    monkeypatch.setattr(live_check, "_PAUSE", 0.06)


def test_names_that_follow_the_log_are_waited_for(public: Site, tmp_path: Path) -> None:
    """The log is ahead of its names, as every few seconds on a real site."""
    public.world.sign(public.world.people[5])
    public.log_only()

    def catch_up(path: str) -> None:
        if path == NAMES_CHECKPOINT and public.asked.count(NAMES_CHECKPOINT) == 4:
            public.settle()

    public.before = catch_up
    found = public.check(tmp_path)
    assert (found.report.outcome, found.report.size, found.report.standing) == ("valid", 7, 6)
    assert public.asked.count(NAMES_CHECKPOINT) >= 4


def test_names_that_do_not_follow_are_not_called_false(public: Site, tmp_path: Path) -> None:
    """What can be read is read, and what is missing is said."""
    public.world.sign(public.world.people[5])
    public.log_only()
    found = public.check(tmp_path, patience=0.2)
    assert found.report.outcome == "undetermined"
    said = [step.detail for step in found.report.steps if step.outcome != "valid"]
    assert said == [
        "the log has 7 entries, and the site shows the names of the first 6 only; try again in some minutes"
    ]


def test_a_site_that_never_says_what_its_names_belong_to_is_no_liar(public: Site, tmp_path: Path) -> None:
    del public.shown[NAMES_CHECKPOINT]
    with pytest.raises(WaitingError, match="try again"):
        public.check(tmp_path, patience=0.2)


@pytest.mark.parametrize("act", ["sign", "withdraw"])
def test_names_that_change_under_the_reader_are_read_again(public: Site, tmp_path: Path, act: str) -> None:
    """A signature, or a withdrawal and erasure, between checkpoint and names: the next reading is of one moment."""
    done = False

    def go_on(path: str) -> None:
        nonlocal done
        if path == "objects.jsonl" and not done:
            done = True
            world = public.world
            world.sign(world.people[5]) if act == "sign" else world.withdraw(world.people[0])
            public.settle()

    public.before = go_on
    found = public.check(tmp_path)
    assert done
    assert (found.report.outcome, found.report.size) == ("valid", 7)


def test_a_site_that_never_stands_still_is_not_called_false(public: Site, tmp_path: Path) -> None:
    """A signature arrives between checkpoint and names every time."""
    left = iter(public.world.people[5:])

    def go_on(path: str) -> None:
        if path == "objects.jsonl":
            public.world.sign(next(left))
            public.settle()

    public.before = go_on
    found = public.check(tmp_path, patience=0.5)
    assert found.report.outcome == "undetermined"
    assert "changed while they were read" in found.report.steps[-1].detail


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("how", ["altered", "dropped", "put back"])
def test_names_that_stay_false_are_called_that(public: Site, tmp_path: Path, how: str) -> None:
    """One record altered, left out, or of a signatory who withdrew: also while others sign."""
    first = public.world.people[0]
    held = public.shown["objects.jsonl"]
    if how == "put back":
        public.world.withdraw(first)
    left = iter(public.world.people[5:])
    asked_since = 0

    def go_on(path: str) -> None:
        nonlocal asked_since
        asked_since = 0 if path == "objects.jsonl" else asked_since + (path == NAMES_CHECKPOINT)
        if path == NAMES_CHECKPOINT and asked_since == 2:
            # The one after the names was the first: another reading begins.
            public.world.sign(next(left))
            public.settle()

    def meddle(path: str, data: bytes) -> bytes:
        if path != "objects.jsonl":
            return data
        rows = data.splitlines(keepends=True)
        mine = next(row for row in held.splitlines(keepends=True) if first.key.encode() in row)
        if how == "put back":
            rows = sorted([*rows, mine], key=lambda row: base64url.decode(row.split(b'"key":"')[1][:43].decode()))
        elif how == "dropped":
            rows.remove(mine)
        else:
            rows[rows.index(mine)] = mine.replace(b'"name":"', b'"name":"X', 1)
        return b"".join(rows)

    public.settle()
    public.before, public.meddle = go_on, meddle
    found = public.check(tmp_path)
    assert (found.report.outcome, found.report.steps[-1].name) == ("invalid", "openings")
    assert first.key in found.report.steps[-1].detail


@pytest.mark.usefixtures("quick")
def test_a_forger_who_never_stands_still_is_never_believed(public: Site, tmp_path: Path) -> None:
    """It alters a record, and makes every reading look like a moment between two: never valid."""
    notes = [public.shown[NAMES_CHECKPOINT]]
    public.world.sign(public.world.people[5])
    public.settle()
    notes.append(public.shown[NAMES_CHECKPOINT])
    public.meddle = lambda path, data: (
        notes[len(public.asked) % 2]
        if path == NAMES_CHECKPOINT
        else data.replace(b'"name":"', b'"name":"X', 1)
        if path == "objects.jsonl"
        else data
    )
    assert public.check(tmp_path, patience=0.5).report.outcome in ("undetermined", "invalid")


@pytest.mark.parametrize("how", ["altered", "dropped"])
def test_an_entry_that_is_not_the_signed_one_is_found_at_once(public: Site, tmp_path: Path, how: str) -> None:
    def meddle(path: str, data: bytes) -> bytes:
        if not path.startswith("log/tile/entries/"):
            return data
        if how == "altered":
            return data.replace(b'"seq":0', b'"seq":1', 1)
        first = 2 + int.from_bytes(data[:2], "big")
        return data[:first] + data[first + 2 + int.from_bytes(data[first : first + 2], "big") :]

    public.meddle = meddle
    found = public.check(tmp_path)
    assert (found.report.outcome, found.report.steps[-1].name) == ("invalid", "log")


@pytest.mark.parametrize("path", ["text/en.md", "log/tile/entries/000.p/6", "log/tile/0/000.p/6"])
def test_an_answer_that_was_mixed_up_once_is_not_called_false(public: Site, tmp_path: Path, path: str) -> None:
    """Something on the way changed a byte, one time. Control: as often as it is asked, that is false."""
    asked: list[str] = []

    def meddle(now: str, data: bytes, *, times: int) -> bytes:
        asked.extend([now] * (now == path))
        return data[:-1] + bytes([data[-1] ^ 1]) if now == path and len(asked) <= times else data

    public.meddle = lambda now, data: meddle(now, data, times=1)
    assert public.check(tmp_path / "once").report.outcome == "valid"
    public.meddle = lambda now, data: meddle(now, data, times=99)
    assert public.check(tmp_path / "always").report.outcome == "invalid"


@pytest.mark.parametrize("path", ["text/en.md", "log/tile/entries/000.p/6"])
def test_what_comes_empty_is_not_called_false(public: Site, tmp_path: Path, path: str) -> None:
    """200, and nothing."""
    public.meddle = lambda now, data: b"" if now == path else data
    with pytest.raises(UndeliveredError, match="is incomplete"):
        public.check(tmp_path)


@pytest.mark.parametrize(
    "path", ["manifest.json", "log/checkpoint", NAMES_CHECKPOINT, "log/tile/0/000.p/6", "objects.jsonl"]
)
def test_what_comes_torn_is_not_called_false(public: Site, tmp_path: Path, path: str) -> None:
    """Half of an answer, which its length does not tell."""
    public.meddle = lambda asked, data: data[: len(data) // 2 + 1] if asked == path else data
    with pytest.raises(UndeliveredError, match=r"damaged|is incomplete|not a letter"):
        public.check(tmp_path)


@pytest.mark.parametrize("path", ["text/en.md", "objects.jsonl", "log/tile/entries/000.p/6"])
@pytest.mark.parametrize("status", [301, 403, 404, 429, 500])
def test_what_is_refused_is_not_called_false(public: Site, tmp_path: Path, path: str, status: int) -> None:
    real = public.answer
    public.answer = lambda asked: (  # type: ignore[method-assign]
        httpx.Response(status, content=b"no") if str(asked.url).endswith(path) else real(asked)
    )
    with pytest.raises(Exception, match=r"try again|check|another network") as caught:
        public.check(tmp_path)
    assert type(caught.value).__name__ in ("UndeliveredError", "BusyError")


def test_a_log_of_more_entries_than_there_can_be_costs_nothing(public: Site, tmp_path: Path) -> None:
    """2^53 - 1 of them, signed by the log: refused before anything of it is fetched."""
    point = checkpoint.Checkpoint(public.world.manifest.origin, 2**53 - 1, bytes(32))
    public.shown["log/checkpoint"] = checkpoint.sign(point, public.world.log_seed).encode()
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(UndeliveredError, match="more than"):
        public.check(tmp_path)
    assert time.monotonic() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert not [path for path in public.asked if "tile" in path]


def test_a_log_that_only_claims_to_be_large_is_found_out_at_its_first_file(public: Site, tmp_path: Path) -> None:
    """A million entries it can have: the list of their files is never made."""
    point = checkpoint.Checkpoint(public.world.manifest.origin, 1_000_000, bytes(32))
    public.shown[NAMES_CHECKPOINT] = public.shown["log/checkpoint"] = checkpoint.sign(
        point, public.world.log_seed
    ).encode()
    with pytest.raises(UndeliveredError, match="not there"):
        public.check(tmp_path)
    assert len([path for path in public.asked if "tile" in path]) <= 2


def test_a_site_may_keep_only_the_widest_form_of_a_tile(tmp_path: Path) -> None:
    """C2SP: then the narrower ones, which the names' checkpoint speaks of, are cut from it."""
    world = LetterWorld(people=WIDTH + 10, sealed=False, check="codes")
    for person in world.people[: WIDTH - 6]:
        world.sign(person)
    site = Site(world)
    before = dict(site.shown)
    for person in world.people[WIDTH - 6 :]:
        world.sign(person)
    site.shown = {**before, **{p: d for p, d in world.bundle().items() if p.startswith("log/")}}
    for path in set(before) - set(world.bundle()) - {NAMES_CHECKPOINT}:
        del site.shown[path]
    read = site.reader(tmp_path, patience=0).read()
    assert (read.at.size, read.lags) == (WIDTH - 5, True)
    assert {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "log").rglob("*") if p.is_file()} == set(
        bundle.log_paths(WIDTH - 5)
    )


def test_two_checkpoints_that_do_not_fit_each_other_convict_the_log(public: Site, tmp_path: Path) -> None:
    other = LetterWorld(people=120, sealed=False, check="codes")
    for person in other.people[6:11]:
        other.sign(person)
    assert manifest.letter_id(other.source) == public.world.letter
    note = other.log_files()["log/checkpoint"]
    public.shown[NAMES_CHECKPOINT] = note
    found = public.check(tmp_path)
    assert (found.report.outcome, found.report.steps[-1].name) == ("invalid", "log")


def test_a_sealed_letter_is_read_where_its_trustees_have_cosigned(tmp_path: Path) -> None:
    """The log grows after an edition; entries not yet cosigned make nothing false, and the edition is valid."""
    world = LetterWorld(people=8)
    for person in world.people[:6]:
        world.sign(person)
    site = Site(world)
    before = site.check(tmp_path / "before")
    assert (before.report.outcome, before.report.size) == ("valid", len(world.log))
    assert NAMES_CHECKPOINT not in site.asked, "as long as no names are served, the newest checkpoint is read"
    world.notice()
    world.cut()
    world.publish()
    site.settle()
    world.sign(world.people[6])
    site.log_only()
    site.shown["log/checkpoint"] = world.log_files(cosigners=())["log/checkpoint"]
    found = site.check(tmp_path / "after")
    assert (found.report.outcome, found.report.size, found.newest) == ("valid", len(world.log) - 1, len(world.log))
    assert [row["number"] for row in found.report.editions] == [1]


def test_an_edition_that_shrinks_under_the_reader_is_read_again(tmp_path: Path) -> None:
    """A withdrawal after publication: edition, openings and checkpoint are of two moments for an instant."""
    world = LetterWorld(people=6)
    for person in world.people:
        world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    site = Site(world)
    done = False

    def go_on(path: str) -> None:
        nonlocal done
        if path == "openings/1.jsonl" and not done:
            done = True
            world.withdraw(world.people[0])
            site.shown.pop("editions/1/edition.json")
            site.settle()

    site.before = go_on
    found = site.check(tmp_path)
    assert done
    assert (found.report.outcome, found.report.editions[0]["erased"]) == ("valid", 1)


def test_reading_is_what_bundle_get_keeps(public: Site, tmp_path: Path) -> None:
    read = live_snapshot.fetch(
        public.reader(tmp_path)._http, Link("https", public.world.manifest.origin, None), tmp_path
    )
    assert read.settled
    files = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == public.world.bundle()


def test_a_log_that_is_empty_is_said_to_be(public: Site, tmp_path: Path) -> None:
    point = checkpoint.Checkpoint(public.world.manifest.origin, 0, bytes(32))
    public.shown["log/checkpoint"] = checkpoint.sign(point, public.world.log_seed).encode()
    with pytest.raises(LogError, match="empty"):
        public.reader(tmp_path).read()
