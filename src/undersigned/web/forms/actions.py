"""Actions: sign or withdraw on behalf of a signatory without JavaScript. Each is one transaction, durable on return.

There is no ``by`` and no audit record: signatories' actions are in the log, without a time.
"""

from __future__ import annotations

from django.db import transaction

from undersigned.protocol.errors import ProtocolError
from undersigned.web.forms.client import Choice, make_signature, make_withdrawal
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.ports import World
from undersigned.web.problems import Problem, full
from undersigned.web.signing.actions import take_entries, use_codes


def sign_for(*, letter: FixedLetter, code: bytes, withdrawal: bytes, choice: Choice, world: World, now: int) -> None:
    """Uses the access code and takes the entry, both or neither. Idempotent.

    The code is checked last, so that any other refusal says nothing about the code (docs/adr/0098). Raises Problem
    (disk full, unknown or used code), ProtocolError (closed, or this withdrawal code has signed another entry).
    """
    if not world.reserve.is_held():
        raise full()
    use, candidate = make_signature(letter, code, withdrawal, choice, world.entropy)
    with transaction.atomic():
        (outcome,) = take_entries([candidate], now=now)
        if isinstance(outcome, (ProtocolError, Problem)):
            raise outcome
        if not outcome.new:
            # The same form was sent before and used its code then, so it must not be used again.
            return
        (found,) = use_codes([use], now=now)
        if isinstance(found, Problem):
            raise found


def withdraw_for(*, letter: FixedLetter, withdrawal: bytes, now: int) -> None:
    """Takes the withdrawal, which is permanent. Idempotent. Raises SequenceError if this key never signed."""
    candidate = make_withdrawal(letter, withdrawal)
    with transaction.atomic():
        (outcome,) = take_entries([candidate], now=now)
        if isinstance(outcome, ProtocolError):
            raise outcome
