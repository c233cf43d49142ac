"""A booking's life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.press import OrderError
from undersigned.press.schedule import Booking, cancel, confirm_printed, prove, revise, send

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
BOOKED = Booking("welt", "de", NOON)
HASH, OTHER = "a" * 64, "b" * 64


def test_a_booking_goes_from_proof_to_sent_to_printed() -> None:
    """The straight way; from sending on the page is frozen by its hash."""
    proof = prove(BOOKED, edition=1, sha256=HASH, now=NOON)
    sent = send(proof, sha256=HASH, now=NOON)
    assert not proof.frozen
    assert sent.frozen
    assert confirm_printed(sent).state == "printed"
    assert confirm_printed(sent).sha256 == HASH


def test_only_the_file_of_the_proof_can_be_sent() -> None:
    """Another hash than the proof's is refused."""
    with pytest.raises(OrderError, match="not the page of the proof"):
        send(prove(BOOKED, edition=1, sha256=HASH, now=NOON), sha256=OTHER, now=NOON)


def test_a_sent_page_follows_no_new_edition_until_it_is_revised() -> None:
    """Before sending it is stale when a newer edition exists; after, only a revision lets it change."""
    proof = prove(BOOKED, edition=1, sha256=HASH, now=NOON)
    assert proof.stale(2)
    assert not proof.stale(1)
    sent = send(proof, sha256=HASH, now=NOON)
    assert not sent.stale(2)
    with pytest.raises(OrderError, match="revise it first"):
        prove(sent, edition=2, sha256=OTHER, now=NOON)
    again = prove(revise(sent, now=NOON), edition=2, sha256=OTHER, now=NOON)
    assert (again.edition, again.sha256, again.sent_at) == (2, OTHER, None)


def test_after_the_deadline_nothing_changes() -> None:
    """Proof, sending and revision are refused one second late; printing is still confirmed."""
    late = NOON + timedelta(seconds=1)
    proof = prove(BOOKED, edition=1, sha256=HASH, now=NOON)
    sent = send(proof, sha256=HASH, now=NOON)
    late_acts: list[Callable[[], object]] = [
        lambda: prove(BOOKED, edition=1, sha256=HASH, now=late),
        lambda: send(proof, sha256=HASH, now=late),
        lambda: revise(sent, now=late),
    ]
    for act in late_acts:
        with pytest.raises(OrderError, match="deadline"):
            act()
    assert confirm_printed(sent).state == "printed"


def test_an_older_edition_or_a_false_hash_is_no_proof() -> None:
    """A page never goes back to an earlier edition."""
    proof = prove(BOOKED, edition=2, sha256=HASH, now=NOON)
    with pytest.raises(OrderError):
        prove(proof, edition=1, sha256=HASH, now=NOON)
    with pytest.raises(OrderError):
        prove(BOOKED, edition=1, sha256="short", now=NOON)


ACTS = {
    "prove": lambda b: prove(b, edition=max(1, b.edition), sha256=HASH, now=NOON),
    "send": lambda b: send(b, sha256=HASH, now=NOON),
    "revise": lambda b: revise(b, now=NOON),
    "print": confirm_printed,
    "cancel": cancel,
}


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=12))
def test_printed_is_a_final_state(acts: list[str]) -> None:
    """No sequence of acts leaves printed or cancelled, and printed always has a hash."""
    booking = BOOKED
    for act in acts:
        before = booking.state
        try:
            booking = ACTS[act](booking)
        except OrderError:
            assert booking.state == before
        if before in ("printed", "cancelled"):
            assert booking.state == before
        if booking.state in ("proof", "sent", "printed"):
            assert booking.sha256 == HASH
