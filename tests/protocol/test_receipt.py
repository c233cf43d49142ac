"""Receipts and requests: what the log promises, and who may ask (sections 6 and 8)."""

from __future__ import annotations

import msgspec
import pytest

from letterworld import LetterWorld
from undersigned.protocol import canonical, findings, keys, receipt, request
from undersigned.protocol.errors import ConditionError, LetterError, LogError, MalformedError, SignatureError

WORLD = LetterWorld(2)
ENTRY = WORLD.log[1]
LOG_KEY = keys.public_key(WORLD.log_seed)
GIVEN = receipt.make(WORLD.id, ENTRY, "2026-12-01T06:00:00Z", WORLD.log_key)


def test_a_receipt_is_the_logs_promise_to_take_in_this_entry() -> None:
    """Written, read and verified again."""
    assert receipt.parse(canonical.encode(GIVEN)) == GIVEN
    receipt.verify(GIVEN, letter=WORLD.id, entry=ENTRY, log_key=LOG_KEY)


def test_a_receipt_for_something_else_is_refused() -> None:
    """Another letter, entry, time or log."""
    with pytest.raises(LetterError):
        receipt.verify(GIVEN, letter="x", entry=ENTRY, log_key=LOG_KEY)
    with pytest.raises(LogError):
        receipt.verify(GIVEN, letter=WORLD.id, entry=b"other", log_key=LOG_KEY)
    later = msgspec.structs.replace(GIVEN, by="2027-12-01T06:00:00Z")
    for known, key in ((later, LOG_KEY), (GIVEN, keys.public_key(bytes(32)))):
        with pytest.raises(SignatureError):
            receipt.verify(known, letter=WORLD.id, entry=ENTRY, log_key=key)


NOW = 1_800_000_000
PATH = "/valley/seals?from=0"
HEADER = request.authorize(WORLD.letter, 2, NOW, PATH, WORLD.trustees[1][1])


@pytest.mark.parametrize("clock", [-300, 0, 300])
def test_a_trustee_is_recognised_for_five_minutes(clock: int) -> None:
    """Either way."""
    assert request.verify(HEADER, WORLD.manifest, WORLD.letter, PATH, NOW + clock) == 2


def test_a_request_that_is_not_the_trustees_is_refused() -> None:
    """Too old, from the future, for another path, letter or trustee, or no such header."""
    for clock in (-301, 301):
        with pytest.raises(ConditionError):
            request.verify(HEADER, WORLD.manifest, WORLD.letter, PATH, NOW + clock)
    other = HEADER.replace("trustee=2", "trustee=1")
    for header, letter, path in ((HEADER, WORLD.letter, "/"), (HEADER, bytes(32), PATH), (other, WORLD.letter, PATH)):
        with pytest.raises(SignatureError):
            request.verify(header, WORLD.manifest, letter, path, NOW)
    for header in ("", "Bearer x", HEADER + " ", HEADER.replace("trustee=2", "trustee=9")):
        with pytest.raises(MalformedError):
            request.verify(header, WORLD.manifest, WORLD.letter, PATH, NOW)


def test_a_receipt_without_a_signature_is_no_receipt() -> None:
    """The field is part of the form; the struct's default is only for signing."""
    unsigned = receipt.Receipt(v=1, letter=WORLD.id, leaf="A" * 43, by="2026-12-01T06:00:00Z")
    with pytest.raises(MalformedError) as caught:
        receipt.parse(canonical.encode(unsigned))
    assert (caught.value.finding, caught.value.hint) == (findings.json_form(), "the field signature is missing")
