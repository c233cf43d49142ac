"""Actions: deliver one email. The order of durable effects around the SMTP transfer.

    1  prepare_mail   it may be sent; its code is stored, an earlier attempt's code is deleted; today's tally counts it
    2                 the mail server has accepted it
    3  finish_mail    the address is recorded as having its code; the row, with the address in it, is deleted

After a crash between 2 and 3 the email is sent once more with another code, and the first code is revoked: an address
never has two valid codes. Every function here is one transaction, and only the clerk calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from undersigned.protocol import base64url, codes, roll
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.mail.addresses import Address, Digests, parse_address
from undersigned.web.ports import Entropy
from undersigned.web.records.models import Code, MailBlocked, MailGranted, MailTally, MailWaiting, Use
from undersigned.web.records.models import Letter as LetterRow

MAX_DAILY: Final = 3
"""Most emails to one address within a day, over all letters."""
DAY: Final = 86400
MIN_BACKOFF: Final = 60
MAX_BACKOFF: Final = 3600


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An email to send now. ``code``: as the recipient sees it, ``S-...`` or ``W-...``."""

    address: Address
    code: str


def prepare_mail(
    *, row: MailWaiting, letter: FixedLetter, digests: Digests, entropy: Entropy, now: int
) -> Outgoing | None:
    """Prepares an email. None if it must not be sent now: then the row has been deleted or postponed.

    Raises ValueError if the row cannot be decrypted with the site's key.
    """
    spelt, _, withdrawal = digests.open(bytes(row.sealed), row.digest).partition("\n")
    address = parse_address(spelt)
    with transaction.atomic():
        if _revoke_code(row):
            _record_code(row)
            return None
        if not _may_send(row, letter, address, digests):
            row.delete()
            return None
        if not _count_mail(address, digests, now):
            # A new request over the limit is dropped; a failed delivery is tried again when the limit allows.
            if row.tries:
                _postpone(row, now, MAX_BACKOFF)
            else:
                row.delete()
            return None
        if row.kind == "withdraw":
            return Outgoing(address, withdrawal)
        code = codes.code_from(entropy(codes.LENGTH))
        hashed = base64url.encode(roll.token_hash(roll.place(code, letter.rid).token))
        Code.objects.create(id=random_id(entropy), letter_id=letter.pk, token_hash=hashed)
        row.token_hash = hashed
        row.save(update_fields=["token_hash"])
    return Outgoing(address, codes.format_code("S", code))


def random_id(entropy: Entropy) -> int:
    """A random primary key: sequential keys would tell the order of requests."""
    return int.from_bytes(entropy(8), "big") >> 2


def _may_send(row: MailWaiting, letter: FixedLetter, address: Address, digests: Digests) -> bool:
    """Whether this email may be sent at all: each condition on its own line."""
    if MailBlocked.objects.filter(digest=digests.of_block(address)).exists():
        return False
    granted = MailGranted.objects.filter(letter=letter.pk, digest=row.digest).exists()
    if row.kind == "withdraw":
        return granted
    domains = letter.manifest.eligibility.domains
    if domains is not None and address.domain not in domains:
        return False
    if LetterRow.objects.filter(pk=letter.pk, open=True, abandoned=False).first() is None:
        return False
    return not granted


def _count_mail(address: Address, digests: Digests, now: int) -> bool:
    """Adds one to today's tally; returns False, and does not, if today and yesterday together reach the limit."""
    today = now // DAY
    digest_of = {day: digests.of_day(day, address) for day in (today - 1, today)}
    found = dict(MailTally.objects.filter(digest__in=digest_of.values()).values_list("digest", "number"))
    if sum(found.values()) >= MAX_DAILY:
        return False
    MailTally.objects.update_or_create(
        digest=digest_of[today], defaults={"day": today, "number": found.get(digest_of[today], 0) + 1}
    )
    return True


def _revoke_code(row: MailWaiting) -> bool:
    """Deletes the code of an earlier attempt whose outcome is unknown. Returns True if the code has been used: then
    that email had arrived."""
    if not row.token_hash:
        return False
    mailed = Code.objects.filter(letter=row.letter_id, token_hash=row.token_hash)
    if not Use.objects.filter(letter=row.letter_id, token_hash=row.token_hash).exists():
        mailed.filter(used=False).delete()
    return mailed.exists()


def finish_mail(*, row: MailWaiting) -> None:
    """Records that the mail server has accepted the email, and deletes its row with the address."""
    with transaction.atomic():
        _record_code(row)


def _record_code(row: MailWaiting) -> None:
    """Records that the address has its code, as a digest, and deletes the row."""
    if row.kind == "code":
        granted = MailGranted(letter_id=row.letter_id, digest=row.digest)
        MailGranted.objects.bulk_create([granted], ignore_conflicts=True)
    row.delete()


def drop_mail(*, row: MailWaiting) -> None:
    """Gives an email up: deletes address and code. If the code has been used, the email had arrived after all."""
    with transaction.atomic():
        if _revoke_code(row):
            _record_code(row)
        else:
            row.delete()


def postpone_mail(*, row: MailWaiting, address: Address, digests: Digests, now: int, unsent: bool) -> None:
    """Schedules another attempt, with exponential backoff. ``unsent``: it was certainly not sent, so it does not count
    against the daily limit.

    Otherwise the row keeps its code's hash: a code that may have arrived is revoked only when the next one is made.
    """
    with transaction.atomic():
        if unsent:
            _revoke_code(row)
            row.token_hash = ""
            counted = MailTally.objects.filter(digest=digests.of_day(now // DAY, address), number__gt=0).first()
            if counted is not None:
                counted.number -= 1
                counted.save(update_fields=["number"])
        _postpone(row, now, min(MIN_BACKOFF * 2 ** min(row.tries, 10), MAX_BACKOFF))


def _postpone(row: MailWaiting, now: int, backoff: int) -> None:
    row.tries = min(row.tries + 1, 1000)
    # Rounded up to the minute: the exact time would tell when the request came.
    row.due = -(-(now + backoff) // MIN_BACKOFF) * MIN_BACKOFF
    row.save(update_fields=["token_hash", "tries", "due"])
