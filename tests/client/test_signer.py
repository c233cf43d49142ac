"""Signing, editing, withdrawing: what a signatory's tool checks before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from letterworld import LetterWorld, serve_log
from undersigned.client import box, count_check, pending_signature, signer
from undersigned.client.errors import AnswerError, InputError, ProblemError
from undersigned.client.letter import fetch_letter, fetch_roll, fetch_text, require_approvals
from undersigned.client.link import Link
from undersigned.protocol import base64url, canonical, merkle, opening, roll, seal
from undersigned.protocol.errors import CredentialError, InvalidError, LetterError, LogError

from .worldserver import WorldServer


@pytest.fixture
def server() -> WorldServer:
    return WorldServer(LetterWorld(people=8))


def signed(server: WorldServer, number: int = 0, choice: signer.Choice | None = None) -> signer.Signer:
    """Person ``number`` signs, with a new withdrawal code."""
    http, letter = server.http(), server.letter
    who = signer.new_signer(letter)
    code = server.world.people[number].code
    activated = signer.activate(http, letter, code, who, signer.Blinded.fresh(letter))
    signer.sign(http, letter, who, activated, choice or signer.Choice("name"))
    return who


def opened(server: WorldServer, key: str) -> opening.Opened:
    """What two trustees find behind ``key``."""
    value = server.world.objects[key]
    assert isinstance(value, seal.Seal)
    shares = {j: seal.open_share(value, j, seal.seal_key(server.world.trustees[j - 1][0])) for j in (1, 3)}
    return opening.object_payload(value, shares, server.world.manifest)


def test_a_signature_is_counted_and_opens_to_the_record_of_the_roll(server: WorldServer) -> None:
    who = signed(server)
    found = opened(server, who.key_text)
    person = server.world.people[0]
    assert found.payload is not None
    assert (found.payload.name, found.payload.title) == (person.record.name, person.record.title)
    assert opening.leaf_of_payload(found.payload) == base64url.encode(person.slot.leaf)
    assert server.world.standing.count == 1


def test_another_letter_than_the_invitation_s_is_refused(server: WorldServer) -> None:
    other = LetterWorld(people=8, seed=2)
    with pytest.raises(LetterError, match="do not sign"):
        fetch_letter(server.http(), Link("https", server.world.manifest.origin, other.letter))


def test_a_letter_that_belongs_elsewhere_is_refused(server: WorldServer) -> None:
    with pytest.raises(LetterError, match="belongs at"):
        fetch_letter(server.http(), Link("https", "letters.example.org/elsewhere", server.world.letter))


def test_a_link_without_the_letter_id_is_not_enough_to_sign(server: WorldServer) -> None:
    with pytest.raises(InputError, match="complete invitation"):
        fetch_letter(server.http(), Link("https", server.world.manifest.origin, None))


def test_a_changed_text_is_refused(server: WorldServer) -> None:
    server.files["text/en.md"] = b"Give the valley nothing.\n"
    with pytest.raises(InvalidError, match="differs from the one fixed in this letter"):
        fetch_text(server.http(), server.letter, "en")


def test_a_changed_roll_is_refused(server: WorldServer) -> None:
    server.files["roll.json"] = canonical.encode(LetterWorld(people=8, seed=2).roll)
    with pytest.raises(InvalidError, match="differs from the one fixed in this letter"):
        fetch_roll(server.http(), server.letter)


def test_a_letter_that_a_trustee_has_not_approved_is_not_signed() -> None:
    world = LetterWorld(people=4, approve=False)
    world.approve(1)
    world.approve(3)
    with pytest.raises(InvalidError, match="missing: 2"):
        require_approvals(WorldServer(world).http(), WorldServer(world).letter)


@pytest.mark.parametrize("size", [4, 255, 256, 257, 300])
def test_approvals_are_shown_to_be_in_logs_of_any_size(size: int) -> None:
    """The tool fetches one tile a level, not the log; a log that does not lead to its root is refused."""
    world = LetterWorld(people=4)
    server = WorldServer(world)
    server.log = [*world.log, *(b"entry %d" % number for number in range(size - len(world.log)))]
    require_approvals(server.http(), server.letter)
    assert sum(1 for path in server.gets if "entries" in path) == 1
    false = [*server.log[:1], *server.log[2:], server.log[1]]
    width = min(size, 256)
    suffix = f".p/{width}" if width < 256 else ""
    server.files[f"log/tile/entries/000{suffix}"] = b"".join(
        len(entry).to_bytes(2, "big") + entry for entry in false[:width]
    )
    with pytest.raises(LogError):
        require_approvals(server.http(), server.letter)


def test_approvals_in_a_log_the_checkpoint_does_not_sign_are_not_believed() -> None:
    """Tiles that agree with each other, under a checkpoint of another log of the same size."""
    world = LetterWorld(people=4)
    server = WorldServer(world)
    server.log = [*world.log, *(b"entry %d" % number for number in range(296))]
    other = [*world.log, *(b"other %d" % number for number in range(296))]
    server.files = {path: data for path, data in serve_log(world, other, ()).items() if path != "log/checkpoint"}
    with pytest.raises(LogError, match="root hash in the signed checkpoint"):
        require_approvals(server.http(), server.letter)


def test_a_registrar_that_signs_something_else_is_found_out(server: WorldServer) -> None:
    """The credential is checked before anything is sealed or handed in."""
    act = server._activate

    def lie(asked: dict[str, Any]) -> Any:
        return act({**asked, "blinded": base64url.encode(bytes(383) + b"\x02")})

    server._activate = lie  # type: ignore[method-assign]
    with pytest.raises(CredentialError):
        signed(server)
    assert server.posted("entries") == []


def test_the_box_of_another_code_is_refused(server: WorldServer) -> None:
    first, second = server.world.people[0], server.world.people[1]
    first.slot = second.slot
    with pytest.raises(InvalidError, match="box"):
        signed(server)
    assert server.posted("entries") == []


def test_a_receipt_by_another_is_not_taken(server: WorldServer) -> None:
    server.world.log_seed = bytes(32)
    server.log = list(server.world.log)
    with pytest.raises(AnswerError, match="receipt is invalid"):
        signed(server)


def test_the_answer_of_a_lost_connection_can_be_asked_for_again(server: WorldServer, tmp_path: Path) -> None:
    """The same code asks the same question and has the same key, until it is finished; then nothing is left."""
    code = server.world.people[0].code
    first = pending_signature.begin(server.letter, code, tmp_path)
    again = pending_signature.begin(server.letter, code, tmp_path)
    assert (again.signer, again.blinded, again.resumed) == (first.signer, first.blinded, True)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert code not in path.name.encode() + path.read_bytes()
    again.finish()
    assert list(tmp_path.iterdir()) == []
    assert pending_signature.begin(server.letter, code, tmp_path).signer != first.signer


def test_a_blinding_factor_may_be_any_number_below_the_modulus(server: WorldServer) -> None:
    """One from a narrower range would let the registrar recognise later for whom it signed."""
    modulus = signer.registrar_key(server.letter).public_numbers().n
    factors = [signer.Blinded.fresh(server.letter).factor for _ in range(64)]
    assert all(0 < factor < modulus for factor in factors)
    assert any(factor * 4 > modulus * 3 for factor in factors)
    assert any(factor % 2 == 0 for factor in factors)


def test_anonymous_and_initials_seal_no_name(server: WorldServer) -> None:
    who = signed(server, 1, signer.Choice("anonymous"))
    found = opened(server, who.key_text).payload
    assert found is not None
    assert (found.name, found.title, found.roll) == ("", "", None)
    who = signed(server, 2, signer.Choice("initials", name="P. Q."))
    found = opened(server, who.key_text).payload
    assert found is not None
    assert (found.name, found.roll) == ("P. Q.", None)


@pytest.mark.parametrize("name", ["", "42", "P; Q", "Abcdefghijklm"])
def test_initials_that_would_be_void_are_not_sealed(server: WorldServer, name: str) -> None:
    with pytest.raises(InputError, match="initials"):
        signed(server, 3, signer.Choice("initials", name=name))
    assert server.posted("entries") == []


def test_withdrawing_needs_the_code_alone_and_is_final(server: WorldServer) -> None:
    who = signed(server)
    alone = signer.signer_from(server.letter, who.code)
    signer.withdraw(server.http(), server.letter, alone)
    assert server.world.standing.count == 0
    with pytest.raises(ProblemError) as caught:
        signer.withdraw(server.http(), server.letter, alone)
    assert caught.value.code == "duplicate"


def test_a_code_that_never_signed_cannot_withdraw(server: WorldServer) -> None:
    with pytest.raises(ProblemError) as caught:
        signer.withdraw(server.http(), server.letter, signer.new_signer(server.letter))
    assert caught.value.code == "sequence"


def test_am_i_counted_is_answered_from_the_log_alone(server: WorldServer) -> None:
    who, other = signed(server, 0), signed(server, 1)
    signer.withdraw(server.http(), server.letter, other)
    server.gets.clear()
    assert count_check.look_up_key(server.http(), server.letter, who.key_text).counted
    assert not count_check.look_up_key(server.http(), server.letter, other.key_text).counted
    assert not count_check.look_up_key(server.http(), server.letter, signer.new_signer(server.letter).key_text).counted
    assert all(path.startswith("log/") and who.key_text not in path for path in server.gets)


def test_an_edit_replaces_what_is_sealed_and_not_the_count(server: WorldServer) -> None:
    who = signed(server, 0, signer.Choice("anonymous"))
    found = count_check.look_up_key(server.http(), server.letter, who.key_text)
    assert found.entry is not None
    certified = box.fetch_record(server.http(), server.letter, server.world.people[0].code)
    assert certified.record == server.world.people[0].record
    signer.edit(server.http(), server.letter, who, found.entry, signer.Choice("name"), certified)
    assert server.world.standing.count == 1
    assert opened(server, who.key_text).verdict == "named"


def test_an_edit_to_a_name_of_the_roll_needs_the_access_code(server: WorldServer) -> None:
    who = signed(server, 0, signer.Choice("anonymous"))
    found = count_check.look_up_key(server.http(), server.letter, who.key_text)
    assert found.entry is not None
    with pytest.raises(InputError, match="access code again"):
        signer.edit(server.http(), server.letter, who, found.entry, signer.Choice("name", "reserve", "Somebody", ""))
    assert len(server.posted("entries")) == 1


@pytest.mark.parametrize("as_", ["name", "initials", "anonymous"])
def test_with_a_record_the_group_is_the_rolls_and_another_is_refused(server: WorldServer, as_: signer.As) -> None:
    """A former student does not become a teacher by a form, an option or a default."""
    person = server.world.people[0]
    certified = box.fetch_record(server.http(), server.letter, person.code)
    name = "A. B." if as_ == "initials" else None
    payload = signer.make_payload(server.letter, signer.Choice(as_, name=name), certified.place, certified.record)
    assert payload.group == person.record.group
    (other,) = server.letter.manifest.group_ids - {person.record.group}
    with pytest.raises(InputError, match="as your group, which cannot be changed"):
        signer.make_payload(server.letter, signer.Choice(as_, other, name), certified.place, certified.record)


def test_a_box_that_is_not_the_codes_or_not_on_the_roll_is_not_believed(server: WorldServer) -> None:
    """Another's box does not open; a box its maker left off the roll would be void when it is opened."""
    first, second = server.world.people[0], server.world.people[1]
    with pytest.raises(ProblemError, match="no such access code"):
        box.fetch_record(server.http(), server.letter, b"0" * 20)
    kept = first.slot
    first.slot = roll.make_slot(first.code, server.letter.rid, roll.Record(group="reserve", name="Another", title=""))
    with pytest.raises(InputError, match="not on the roll"):
        box.fetch_record(server.http(), server.letter, first.code)
    first.slot = second.slot
    with pytest.raises(InvalidError, match="box"):
        box.fetch_record(server.http(), server.letter, first.code)
    first.slot = kept
    assert box.fetch_record(server.http(), server.letter, first.code).record == first.record


def test_a_letter_with_several_registrars_is_refused_in_words() -> None:
    world = LetterWorld(people=4, registrars=2)
    with pytest.raises(InputError, match="several registrars"):
        signed(WorldServer(world))


def test_no_part_of_a_signer_is_the_key_of_another_letter(server: WorldServer) -> None:
    """The same withdrawal code under another letter's registrar is another key."""
    who = signer.new_signer(server.letter)
    manifest = msgspec.structs.replace(server.world.manifest, registrars=[base64url.encode(b"another")])
    other = type(server.letter)(server.letter.link, b"", manifest)
    assert signer.signer_from(other, who.code).key != who.key


@pytest.mark.parametrize("lie", ["", "index", "proof", "checkpoint", "other"])
def test_a_public_letter_shows_where_the_entry_stands_and_is_checked(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = LetterWorld(people=4, sealed=False)
    server = WorldServer(world)
    enter = server._post_entry

    def answer(asked: dict[str, Any]) -> httpx.Response:
        given = canonical.decode(enter(asked).content)
        leaves = [merkle.leaf_hash(entry) for entry in world.log]
        index = len(leaves) - 1
        note = serve_log(world, world.log, ())["log/checkpoint"].decode()
        if lie == "other":
            note = serve_log(world, [*world.log[:-1], b"other"], ())["log/checkpoint"].decode()
        proof = [base64url.encode(node) for node in merkle.inclusion_proof(leaves, index)]
        place = {"index": index, "proof": proof, "checkpoint": note}
        if lie in place:
            place[lie] = {"index": 0, "proof": [1], "checkpoint": "nothing"}[lie]
        return httpx.Response(201, content=canonical.encode({**given, **place}))

    monkeypatch.setattr(server, "_post_entry", answer)
    if not lie:
        signed(server)
        assert world.standing.count == 1
    else:
        with pytest.raises(AnswerError, match="receipt is invalid"):
            signed(server)
