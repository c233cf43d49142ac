"""Asking for mail: everything is put into the queue, and decided when the clerk works it.

So the answer cannot depend on what is known of the address: nothing is looked up here. An address that has a code, is
blocked, is of another domain or is new costs the same statements, and the same bytes are said.
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
"""Mails that wait at once. Beyond it everybody is told to come back, whoever they are."""


def ask_code(*, letter: FixedLetter, address: Address, language: str, world: World, now: int) -> None:
    """Queues the mail with an access code. There is no ``by``: anybody may ask. Raises Problem ``busy``."""
    _queue("code", letter, address, language, address.spelt, world, now)


def queue_withdrawal(
    *, letter: FixedLetter, address: Address, code: str, language: str, world: World, now: int
) -> None:
    """Queues the mail with a withdrawal code. It goes only to an address that was mailed a code for this letter."""
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
        # At once, and no time of asking beside the address: an hour is enough to know what has lain too long.
        due=0,
        since=now - now % HOUR,
    )
    with transaction.atomic():
        if MailWaiting.objects.count() >= MAX_WAITING:
            raise busy()
        # An update where there is a row: whether one waits already costs the same write, and the same sync of the disk.
        MailWaiting.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["letter", "kind", "digest"],
            update_fields=["sealed", "language"],
        )
