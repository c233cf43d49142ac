"""Action: blocks an address, so that this site never emails it again."""

from __future__ import annotations

from django.db import transaction

from undersigned.web.records.models import MailBlocked


def block_address(*, digest: str) -> None:
    """Stores that an address wants no emails from this site. Idempotent.

    There is no ``by``: the link in the email is the authorisation. ``digest``: read from the link
    (``Digests.read_stop_token``).
    """
    with transaction.atomic():
        MailBlocked.objects.bulk_create([MailBlocked(digest=digest)], ignore_conflicts=True)
