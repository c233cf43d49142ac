"""A trustee's tool: what it refuses, what it opens, and what it remembers."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from letterworld import AFTER, LetterWorld
from undersigned.client import process_pool, trustee
from undersigned.client.errors import InputError, WaitingError
from undersigned.client.keyfile import TrusteeKey
from undersigned.client.trustee import CHUNK, Trustee
from undersigned.protocol import base64url, canonical, entries, opening, seal
from undersigned.protocol.errors import InvalidError, LogError

from .worldserver import WorldServer, unix, unknown_entry

GRACE = 60
START = unix(AFTER)


class Clock:
    """A clock that tests turn by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Desk:
    """Trustee 1 at work on a letter of ten people, six of whom have signed."""

    def __init__(self, folder: Path) -> None:
        self.world = LetterWorld(people=10)
        for person in self.world.people[:6]:
            self.world.sign(person)
        self.server, self.clock, self.folder = WorldServer(self.world), Clock(), folder
        self.trustee = self.start()

    def start(self, number: int = 1) -> Trustee:
        """The tool, started again: it knows only what is on its disk."""
        sealing, signing = self.world.trustees[number - 1]
        key = TrusteeKey(f"Trustee {number}", sealing, signing)
        state = self.folder / f"state-{number}"
        return Trustee(key, self.server.letter, self.server.http(), state, clock=self.clock)

    def notice_and_cut(self) -> None:
        """Notice, seen at once; the grace goes by; the cut."""
        self.world.notice()
        self.trustee.watch()
        self.clock.now += GRACE
        self.world.cut()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_good_log_is_mirrored_checked_and_cosigned(desk: Desk) -> None:
    watched = desk.trustee.watch()
    assert (watched.size, watched.count, watched.cosigned) == (len(desk.world.log), 6, True)
    assert (watched.mute, watched.missing) == ([], [])
    assert len(desk.server.posted("cosignatures")) == 1
    assert list(desk.trustee.mirror.entries()) == desk.world.log


def test_a_log_that_goes_back_is_refused_also_after_a_restart(desk: Desk) -> None:
    desk.trustee.watch()
    desk.server.log = desk.world.log[:-2]
    with pytest.raises(LogError, match="rolled back"):
        desk.start().watch()
    assert len(desk.server.posted("cosignatures")) == 1
    assert len(list((desk.folder / "state-1" / "evidence").iterdir())) == 1


@pytest.mark.parametrize("more", [0, 1])
def test_a_fork_is_refused_and_its_checkpoint_kept_as_evidence(desk: Desk, more: int) -> None:
    """The same number of entries, or more, with one of the earlier ones exchanged."""
    desk.trustee.watch()
    if more:
        desk.world.sign(desk.world.people[6])
    log = list(desk.world.log)
    log[5], log[6] = log[6], log[5]
    desk.server.log = log
    with pytest.raises(LogError, match="forked"):
        desk.start().watch()
    evidence = list((desk.folder / "state-1" / "evidence").iterdir())
    assert len(evidence) == 1
    assert desk.world.manifest.origin.encode() in evidence[0].read_bytes()


def test_an_entry_nobody_knows_is_refused(desk: Desk) -> None:
    desk.server.log = [*desk.world.log, unknown_entry(desk.world)]
    with pytest.raises(InvalidError, match=f"entry {len(desk.world.log)} is invalid in this log"):
        desk.trustee.watch()
    assert desk.server.posted("cosignatures") == []


def test_an_entry_signed_by_another_is_refused(desk: Desk) -> None:
    # A notice is allowed here: only its signature is wrong.
    entry = entries.Notice(v=1, letter=desk.world.id, edition=1, after=AFTER)
    forged = entries.encode(entries.sign_entry(entry, bytes(32)))
    desk.server.log = [*desk.world.log, forged]
    with pytest.raises(InvalidError, match="is invalid in this log"):
        desk.trustee.watch()


def test_a_cut_before_the_grace_is_over_is_neither_cosigned_nor_opened(desk: Desk) -> None:
    """The grace counts from when this tool first saw the notice, by its own clock."""
    desk.world.notice()
    desk.trustee.watch()
    cosigned = len(desk.server.posted("cosignatures"))
    desk.world.cut()
    desk.clock.now += GRACE - 1
    for act in (lambda: desk.start().watch(), lambda: desk.start().open(1)):
        with pytest.raises(WaitingError, match="the grace after the notice is not over") as caught:
            act()
        assert caught.value.until == START + GRACE
    assert len(desk.server.posted("cosignatures")) == cosigned
    assert desk.server.posted("openings") == []
    desk.clock.now += 1
    assert desk.start().open(1).shares == 6


def test_a_notice_first_seen_with_its_cut_starts_the_grace_then(desk: Desk) -> None:
    """A trustee who slept gives signatories the grace all the same."""
    desk.world.notice()
    desk.world.cut()
    with pytest.raises(WaitingError):
        desk.trustee.open(1)
    desk.clock.now += GRACE - 1
    with pytest.raises(WaitingError):
        desk.start().open(1)
    desk.clock.now += 1
    assert desk.start().open(1).shares == 6


def test_nothing_is_opened_before_a_cut(desk: Desk) -> None:
    desk.world.notice()
    with pytest.raises(WaitingError, match="has not been cut"):
        desk.trustee.open(1)


def test_nothing_is_opened_of_an_abandoned_letter(desk: Desk) -> None:
    desk.notice_and_cut()
    desk.world.abandon()
    with pytest.raises(InvalidError, match="abandoned"):
        desk.trustee.open(1)
    assert desk.server.posted("openings") == []


def test_nothing_is_opened_after_the_time_by_which_it_had_to_be_published(desk: Desk) -> None:
    desk.notice_and_cut()
    desk.clock.now = unix(desk.world.manifest.release.abandon_after) + 1
    with pytest.raises(InvalidError, match="deadline has passed"):
        desk.trustee.open(1)


def test_shares_of_those_who_withdrew_are_never_released(desk: Desk) -> None:
    """Before the cut or after it: only those who stand are opened, and their seals leave the trustee's disk."""
    desk.trustee.watch()
    early, late = desk.world.people[0], desk.world.people[1]
    desk.world.withdraw(early)
    desk.notice_and_cut()
    desk.world.withdraw(late)
    released = desk.trustee.open(1)
    (posted,) = map(opening.parse_openings, desk.server.posted("openings"))
    assert released.shares == len(posted.shares) == 4
    assert released.failed == []
    assert not {early.key, late.key} & set(posted.shares)
    assert not desk.trustee.seals.has(early.key)
    assert not desk.trustee.seals.has(late.key)


def test_a_struck_name_is_not_opened(desk: Desk) -> None:
    desk.notice_and_cut()
    desk.world.strike(desk.world.people[2])
    desk.trustee.open(1)
    (posted,) = map(opening.parse_openings, desk.server.posted("openings"))
    assert len(posted.shares) == 5
    assert desk.world.people[2].key not in posted.shares


def test_what_is_opened_is_the_share_that_was_sealed(desk: Desk) -> None:
    desk.notice_and_cut()
    desk.trustee.open(1)
    (posted,) = map(opening.parse_openings, desk.server.posted("openings"))
    for key, share in posted.shares.items():
        value = desk.world.objects[key]
        assert isinstance(value, seal.Seal)
        seal.check_share(value, 1, base64url.decode(share))


def test_names_can_be_opened_from_the_mirror_if_the_server_loses_the_seals(desk: Desk) -> None:
    desk.trustee.watch()
    desk.server.objects = {}
    desk.notice_and_cut()
    assert desk.trustee.open(1).shares == 6


def test_a_seal_that_is_not_the_one_the_log_names_is_refused(desk: Desk) -> None:
    first, second = desk.world.people[0], desk.world.people[1]
    other = desk.world.make_object(first, desk.world.payload(first, "anonymous"))
    desk.server.objects = {**desk.world.objects, first.key: other}
    with pytest.raises(LogError, match="does not match the hash in the log"):
        desk.trustee.watch()
    assert second.key in desk.world.objects
    assert desk.server.posted("cosignatures") == []


def test_a_share_that_does_not_open_is_reported_and_the_others_are_released(desk: Desk) -> None:
    """A signatory may seal nonsense to one trustee; that must not hold up the letter."""
    person = desk.world.people[6]
    value = desk.world.make_object(person, desk.world.payload(person))
    assert isinstance(value, seal.Seal)
    broken = [replace_share(value.shares[0], value.shares[1].sealed), *value.shares[1:]]
    desk.world.sign(person, value=msgspec.structs.replace(value, shares=broken))
    watched = desk.trustee.watch()
    assert watched.mute == [person.key]
    assert watched.cosigned
    desk.notice_and_cut()
    released = desk.trustee.open(1)
    assert released.failed == [person.key]
    assert released.shares == 6


def test_several_processes_open_what_one_opens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large edition is opened by one process a core: the same shares, and the same that fail."""
    desk.trustee.watch()
    lost = desk.world.people[2].key
    desk.trustee.seals.drop([lost])
    wanted = list(desk.world.standing.signatories.values())
    said: list[tuple[str, int, int]] = []
    desk.trustee.report_to(lambda *progress: said.append(progress))
    alone = desk.trustee._open_shares(wanted)
    monkeypatch.setattr(process_pool, "SMALL", 1)
    monkeypatch.setattr(trustee, "_PART", 2)
    assert desk.trustee._open_shares(wanted) == alone
    assert (len(alone[0]), alone[1]) == (5, [lost])
    assert said == [("opening", done, 6) for done in (6, 2, 4, 6)]


def replace_share(share: seal.SealedShare, sealed: str) -> seal.SealedShare:
    """``share`` with another ciphertext."""
    return msgspec.structs.replace(share, sealed=sealed)


def test_an_edit_replaces_the_mirrored_seal(desk: Desk) -> None:
    desk.trustee.watch()
    person = desk.world.people[0]
    desk.world.sign(person, "anonymous")
    watched = desk.trustee.watch()
    assert (watched.new, watched.missing) == (1, [])
    hashed = desk.world.standing.signatories[person.key].object
    assert desk.trustee.seals.get(person.key, hashed) is not None


def test_a_key_of_another_letter_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="not one of the letter's trustees"):
        Trustee(TrusteeKey("Stranger", bytes(32), bytes(32)), desk.server.letter, desk.server.http(), desk.folder / "s")


def test_a_letter_that_names_half_of_the_key_is_refused(desk: Desk) -> None:
    """Another party's sealing key under the trustee's own signing key would seal the names to that party."""
    key = replace(desk.trustee.key, seal_seed=bytes(32))
    with pytest.raises(InputError, match="one half"):
        Trustee(key, desk.server.letter, desk.server.http(), desk.folder / "s")


def test_the_state_is_readable_by_its_owner_only_and_whole(desk: Desk) -> None:
    desk.trustee.watch()
    state = desk.folder / "state-1"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    kept = [path for path in state.rglob("*") if path.is_file() and path.stat().st_size]
    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert list(state.rglob(".*")) == []


def test_two_tools_do_not_work_on_one_state(desk: Desk) -> None:
    with desk.trustee._locked(), pytest.raises(InputError, match="another trustee tool"):
        desk.start().watch()


def test_large_sets_are_handed_in_pieces_below_the_limit() -> None:
    """93 bytes a share, and what surrounds them."""
    shares = {base64url.encode(number.to_bytes(32, "big")): base64url.encode(bytes(33)) for number in range(CHUNK)}
    letter = base64url.encode(bytes(32))
    post = opening.Openings(v=1, letter=letter, edition=99999, trustee=9, shares=shares, signature="A" * 86)
    assert len(canonical.encode(post)) < 64 * 1024
