"""Never mail me."""

from __future__ import annotations

from django.db import transaction

from undersigned.web.records.models import MailBlocked


def stop(*, digest: str) -> None:
    """Notes that an address wants no mail from this site. There is no ``by``: whoever has the mail's link may say so.

    ``digest``: read from the link (``Digests.read_stop_token``). Saying it again changes nothing.
    """
    with transaction.atomic():
        MailBlocked.objects.bulk_create([MailBlocked(digest=digest)], ignore_conflicts=True)
