"""The two acts of a signatory without script: each one transaction, durable when it returns.

There is no ``by`` and no audit record: signatories' acts stand in the log, without a time.
"""

from __future__ import annotations

from django.db import transaction

from undersigned.protocol.errors import ProtocolError
from undersigned.web.forms.client import Choice, make_signature, make_withdrawal
from undersigned.web.letters.known import KnownLetter
from undersigned.web.ports import World
from undersigned.web.problems import Problem, full
from undersigned.web.signing.actions import take_entries, use_codes


def sign_for(*, letter: KnownLetter, code: bytes, withdrawal: bytes, choice: Choice, world: World, now: int) -> None:
    """Uses the access code and takes the entry: both or neither. The same again changes nothing.

    Raises Problem (unknown or used code, no room on the disk), ProtocolError (closed, or this withdrawal code has
    signed otherwise).
    """
    if not world.reserve.held():
        raise full()
    use, candidate = make_signature(letter, code, withdrawal, choice, world.entropy)
    with transaction.atomic():
        (found,) = use_codes([use], now=now)
        if isinstance(found, Problem):
            raise found
        (outcome,) = take_entries([candidate], now=now)
        if isinstance(outcome, ProtocolError):
            raise outcome


def withdraw_for(*, letter: KnownLetter, withdrawal: bytes, now: int) -> None:
    """Takes the withdrawal, for good; the same again changes nothing. Raises SequenceError: this key never signed."""
    candidate = make_withdrawal(letter, withdrawal)
    with transaction.atomic():
        (outcome,) = take_entries([candidate], now=now)
        if isinstance(outcome, ProtocolError):
            raise outcome
