"""Actions: queue an email with a code. Every request is queued; the clerk decides later whether to send it.

So neither the answer nor its latency can depend on what the site knows about the address. Nothing is looked up here: an
address that has a code, is blocked, has the wrong domain or is new costs the same statements and gets the same bytes.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.mail.actions.deliver import random_id
from undersigned.web.mail.addresses import Address, Digests
from undersigned.web.ports import World
from undersigned.web.problems import busy
from undersigned.web.records.models import MailWaiting

HOUR: Final = 3600
MAX_WAITING: Final = 10_000
"""Length of the queue. When it is full every request is told to retry, whatever the address."""


def queue_code(*, letter: FixedLetter, address: Address, language: str, world: World, now: int) -> None:
    """Queues the email with an access code. There is no ``by``: anyone may ask. Raises Problem ``busy``."""
    _queue("code", letter, address, language, address.spelt, world, now)


def queue_withdrawal(
    *, letter: FixedLetter, address: Address, code: str, language: str, world: World, now: int
) -> None:
    """Queues the email with a withdrawal code. Only an address that was sent a code for this letter gets it."""
    _queue("withdraw", letter, address, language, f"{address.spelt}\n{code}", world, now)


def _queue(kind: str, letter: FixedLetter, address: Address, language: str, text: str, world: World, now: int) -> None:
    digests = Digests(world.keys.mail_secret())
    digest = digests.of_letter(letter.letter, address)
    row = MailWaiting(
        id=random_id(world.entropy),
        letter_id=letter.pk,
        kind=kind,
        digest=digest,
        language=language,
        sealed=digests.seal(text, digest, world.entropy),
        # Due at once, and rounded to the hour: the exact time of the request must not be stored next to the address.
        due=0,
        since=now - now % HOUR,
    )
    with transaction.atomic():
        if MailWaiting.objects.count() >= MAX_WAITING:
            raise busy()
        # An upsert: if a row is waiting already this costs the same write and the same fsync, so latency tells nothing.
        MailWaiting.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["letter", "kind", "digest"],
            update_fields=["sealed", "language"],
        )
