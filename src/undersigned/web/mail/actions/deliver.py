"""One mail on its way: what is durable before it is handed over, and after.

    1  begin    decided; its code is in the table, the code of an earlier attempt is not; the day's tally has it
    2           handed over to the mail server
    3  finish   the address is noted as one that has its code; the row, and the address in it, are gone

After a crash between 2 and 3 the mail goes out once more with another code, and the first code is taken back: an
address never has two codes that work. Every function here is one transaction and runs in the clerk alone.
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

DAILY: Final = 3
"""Mails an address gets at most within a day, over all letters."""
DAY: Final = 86400
FIRST_PAUSE: Final = 60
LONGEST_PAUSE: Final = 3600


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be handed over now. ``code``: as a person sees it, ``S-...`` or ``W-...``."""

    address: Address
    code: str


def begin(*, row: MailWaiting, letter: FixedLetter, digests: Digests, entropy: Entropy, now: int) -> Outgoing | None:
    """Makes a mail ready, or finds that none is to be sent: then the row is gone, or due later.

    Raises ValueError if the row cannot be read under the site's key.
    """
    spelt, _, withdrawal = digests.open(bytes(row.sealed), row.digest).partition("\n")
    address = parse_address(spelt)
    with transaction.atomic():
        if _take_back(row):
            _grant(row)
            return None
        if not _may(row, letter, address, digests):
            row.delete()
            return None
        if not _count(address, digests, now):
            # Whoever asks too often is not answered; a mail that failed half way may come tomorrow.
            if row.tries:
                _postpone(row, now, LONGEST_PAUSE)
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
    """A row number that tells no order."""
    return int.from_bytes(entropy(8), "big") >> 2


def _may(row: MailWaiting, letter: FixedLetter, address: Address, digests: Digests) -> bool:
    """Whether this mail is to be sent at all: each condition on its own line."""
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


def _count(address: Address, digests: Digests, now: int) -> bool:
    """Adds one to today's tally unless today and yesterday together have as many as a day may have."""
    today = now // DAY
    marks = {day: digests.of_day(day, address) for day in (today - 1, today)}
    found = dict(MailTally.objects.filter(digest__in=marks.values()).values_list("digest", "number"))
    if sum(found.values()) >= DAILY:
        return False
    MailTally.objects.update_or_create(
        digest=marks[today], defaults={"day": today, "number": found.get(marks[today], 0) + 1}
    )
    return True


def _take_back(row: MailWaiting) -> bool:
    """Deletes the code of an attempt whose end is not known. Returns True if it has been used: then it had arrived."""
    if not row.token_hash:
        return False
    mailed = Code.objects.filter(letter=row.letter_id, token_hash=row.token_hash)
    if not Use.objects.filter(letter=row.letter_id, token_hash=row.token_hash).exists():
        mailed.filter(used=False).delete()
    return mailed.exists()


def finish(*, row: MailWaiting) -> None:
    """The mail server has taken the mail: the address goes."""
    with transaction.atomic():
        _grant(row)


def _grant(row: MailWaiting) -> None:
    """The address has had its code; its row goes."""
    if row.kind == "code":
        granted = MailGranted(letter_id=row.letter_id, digest=row.digest)
        MailGranted.objects.bulk_create([granted], ignore_conflicts=True)
    row.delete()


def refuse(*, row: MailWaiting) -> None:
    """The mail will never be taken: address and code go. If the code has been used, it had arrived after all."""
    with transaction.atomic():
        if _take_back(row):
            _grant(row)
        else:
            row.delete()


def later(*, row: MailWaiting, address: Address, digests: Digests, now: int, sure: bool) -> None:
    """The mail waits for another attempt. ``sure``: it was certainly not taken, so it does not count against the day.

    The row keeps the token's hash unless that is sure: a code that may have arrived is taken back only by the next one.
    """
    with transaction.atomic():
        if sure:
            _take_back(row)
            row.token_hash = ""
            counted = MailTally.objects.filter(digest=digests.of_day(now // DAY, address), number__gt=0).first()
            if counted is not None:
                counted.number -= 1
                counted.save(update_fields=["number"])
        _postpone(row, now, min(FIRST_PAUSE * 2 ** min(row.tries, 10), LONGEST_PAUSE))


def _postpone(row: MailWaiting, now: int, pause: int) -> None:
    row.tries = min(row.tries + 1, 1000)
    row.due = -(-(now + pause) // FIRST_PAUSE) * FIRST_PAUSE
    row.save(update_fields=["token_hash", "tries", "due"])
