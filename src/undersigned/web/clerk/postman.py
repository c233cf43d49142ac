"""The clerk's mail thread: works the queue of emails, one transaction and one SMTP delivery at a time."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.core.mail import EmailMessage
from django.db import connection

from undersigned.web.database.purge import purge_deleted
from undersigned.web.database.row_order import RowRewriter
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.mail import actions
from undersigned.web.mail.actions.deliver import DAY, Outgoing
from undersigned.web.mail.addresses import Digests
from undersigned.web.mail.messages import build_message
from undersigned.web.ports import MailRejectedError, MailServerDownError, MailTransport, MailUncertainError, World
from undersigned.web.records.models import Letter, MailBlocked, MailTally, MailWaiting

logger = logging.getLogger(__name__)
MAX_PER_ROUND: Final = 50
PAUSE: Final = 1.0
"""Seconds between rounds."""
RETRY_AFTER: Final = 30
"""Seconds before the next attempt after the mail server could not be reached."""
PURGE_INTERVAL: Final = 5
"""Least time between two rewrites of the tables, in seconds."""
TABLES: Final = ("mail_waiting", "mail_tally", "mail_granted", "mail_blocked", "letters_code")
EXPIRY_INTERVAL: Final = 600
"""Seconds between two searches for expired rows."""
EXPIRY: Final = {"code": 3 * DAY, "withdraw": DAY}
"""Seconds an email waits for the mail server before it is given up and its address erased, by kind."""


class Postman:
    """Delivers queued emails, in a thread of the clerk: the log must not wait for a slow mail server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._digests = Digests(world.keys.mail_secret())
        self._letters: dict[int, FixedLetter] = {}
        self._not_before = 0
        self._minute, self._left_this_minute, self._expiry_time = 0, 0, 0
        # A process that was killed may have left a deleted address in the WAL.
        self._is_purge_due = True
        self._row_rewriter, self._rewrite_time, self._counts = RowRewriter(), 0, (0, 0)
        self._rejections: list[str] = []

    def run_round(self) -> int:
        """Delivers what is due; returns how many emails the mail server accepted."""
        now, mail, sent = self._world.clock(), self._world.mail, 0
        if now // EXPIRY_INTERVAL != self._expiry_time:
            self._delete_expired(now)
            self._expiry_time = now // EXPIRY_INTERVAL
        if mail is not None and now >= self._not_before:
            try:
                sent = self._deliver_due(mail, now)
            except MailServerDownError as error:
                self._not_before = now + RETRY_AFTER
                logger.warning("the mail server is not accepting mail: %s", error)
            finally:
                mail.close()
        self._purge(now)
        return sent

    def _deliver_due(self, mail: MailTransport, now: int) -> int:
        sent = 0
        for row in MailWaiting.objects.filter(due__lte=now).order_by("due", "digest")[: self._quota(mail, now)]:
            # Connect first: while the mail server is down, no code is created and nothing counts against a limit.
            mail.open()
            self._is_purge_due = True
            sent += self._deliver(row, mail, now)
        return sent

    def _quota(self, mail: MailTransport, now: int) -> int:
        """How many emails may be sent in this round: a rate limit for the whole site."""
        if now // 60 != self._minute:
            self._minute, self._left_this_minute = now // 60, mail.per_minute
        return min(self._left_this_minute, MAX_PER_ROUND)

    def _deliver(self, row: MailWaiting, mail: MailTransport, now: int) -> int:
        letter = self._letter(row.letter_id)
        try:
            outgoing = actions.prepare_mail(
                row=row, letter=letter, digests=self._digests, entropy=self._world.entropy, now=now
            )
        except ValueError:
            logger.error("an email was given up: keys/mail is not the key it was queued under")  # noqa: TRY400
            actions.drop_mail(row=row)
            return 0
        if outgoing is None:
            return 0
        # True now: exactly one code for this address is in the table, and the day's tally counts this email.
        self._left_this_minute -= 1
        try:
            mail.send(self._message(row, outgoing, mail))
        except MailRejectedError as error:
            self._rejections.append(str(error))
            actions.drop_mail(row=row)
            return 0
        except (MailServerDownError, MailUncertainError) as error:
            unsent = isinstance(error, MailServerDownError)
            actions.postpone_mail(row=row, address=outgoing.address, digests=self._digests, now=now, unsent=unsent)
            return 0
        # True now: the mail server is responsible for the email.
        actions.finish_mail(row=row)
        # True now: no row holds the address any more.
        return 1

    def _message(self, row: MailWaiting, outgoing: Outgoing, mail: MailTransport) -> EmailMessage:
        return build_message(
            row.kind, code=outgoing.code, to=outgoing.address.spelt, sender=mail.sender, language=row.language,
            site=f"{self._world.scheme}://{self._world.authority}",
            stop=self._digests.stop_token(outgoing.address), entropy=self._world.entropy,
        )  # fmt: skip

    def _letter(self, pk: int) -> FixedLetter:
        if pk not in self._letters:
            self._letters[pk] = load_letter(Letter.objects.get(pk=pk), self._world.keys)
        return self._letters[pk]

    def _delete_expired(self, now: int) -> None:
        """Erases expired tallies and emails."""
        if self._rejections:
            # LogFacts together and late: log lines carry times, and each rejection is a person who has just asked.
            logger.info("emails rejected for good: %d; the last one: %s", len(self._rejections), self._rejections[-1])
            self._rejections.clear()
        MailTally.objects.filter(day__lt=now // DAY - 1).delete()
        for kind, seconds in EXPIRY.items():
            for row in MailWaiting.objects.filter(kind=kind, since__lt=now - seconds)[:MAX_PER_ROUND]:
                actions.drop_mail(row=row)
                self._is_purge_due = True
                logger.warning("an email was given up: the mail server did not accept it in time")

    def _purge(self, now: int) -> None:
        """Purges deleted rows from WAL and free pages, and the order of the rows that are left: it would tell which
        address came with which code."""
        # The web workers add rows too: one for each request for a code, one for each address that wants no emails.
        counts = (MailWaiting.objects.count(), MailBlocked.objects.count())
        if not self._is_purge_due and counts == self._counts:
            return
        if 0 <= now - self._rewrite_time < PURGE_INTERVAL:
            # The order may remain for some seconds, but not an address that was deleted.
            purge_deleted("mail_waiting", "mail_tally")
        else:
            self._rewrite_time = now
            self._is_purge_due = not self._row_rewriter.clear(*TABLES)
        self._counts = counts

    def run(self, stop: threading.Event) -> None:
        """Runs rounds until ``stop``. An error is logged and ends nothing: the log matters more than the mail."""
        while not stop.is_set():
            try:
                self.run_round()
            except Exception as error:
                logger.error("the mail round failed: %s", where(error))  # noqa: TRY400
            stop.wait(PAUSE)
        connection.close()
