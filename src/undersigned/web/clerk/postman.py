"""The clerk's round with the mail."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.core.mail import EmailMessage
from django.db import connection

from undersigned.web.database.purge import wash
from undersigned.web.database.row_order import RowRewriter
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import FixedLetter, load_letter
from undersigned.web.mail import actions
from undersigned.web.mail.actions.deliver import DAY, Outgoing
from undersigned.web.mail.addresses import Digests
from undersigned.web.mail.messages import message
from undersigned.web.ports import Post, PostDownError, PostRefusedError, PostUnsureError, World
from undersigned.web.records.models import Letter, MailBlocked, MailTally, MailWaiting

logger = logging.getLogger(__name__)
AT_ONCE: Final = 50
PAUSE: Final = 1.0
"""Seconds between rounds."""
DOWN: Final = 30
"""Seconds without an attempt after the mail server could not be reached."""
REST: Final = 5
"""Seconds between two rewritings of the tables at least."""
TABLES: Final = ("mail_waiting", "mail_tally", "mail_granted", "mail_blocked", "letters_code")
TIDY: Final = 600
"""Seconds between two looks for what has lain too long."""
KEEP: Final = {"code": 3 * DAY, "withdraw": DAY}
"""Seconds a mail waits for a mail server before it is given up and its address erased."""


class Postman:
    """Works the queue, round after round, in a thread of the clerk: a slow mail server keeps no log waiting."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._digests = Digests(world.keys.mail_secret())
        self._letters: dict[int, FixedLetter] = {}
        self._not_before = 0
        self._minute, self._left, self._tidied = 0, 0, 0
        # Whoever stopped before us may have left an address in the write-ahead log.
        self._unwashed = True
        self._mixer, self._mixed, self._seen = RowRewriter(), 0, (0, 0)
        self._refused: list[str] = []

    def round(self) -> int:
        """Hands over what is due; returns how many mails the server took."""
        now, post, sent = self._world.clock(), self._world.post, 0
        if now // TIDY != self._tidied:
            self._tidy(now)
            self._tidied = now // TIDY
        if post is not None and now >= self._not_before:
            try:
                sent = self._work(post, now)
            except PostDownError as error:
                self._not_before = now + DOWN
                logger.warning("the mail server takes nothing now: %s", error)
            finally:
                post.close()
        self._wash(now)
        return sent

    def _work(self, post: Post, now: int) -> int:
        sent = 0
        for row in MailWaiting.objects.filter(due__lte=now).order_by("due", "digest")[: self._allowed(post, now)]:
            # Connected first: while the server is down no code is made and nothing is counted.
            post.open()
            self._unwashed = True
            sent += self._deliver(row, post, now)
        return sent

    def _allowed(self, post: Post, now: int) -> int:
        """How many mails may go out in this round: a brake on the whole site, whatever is asked of it."""
        if now // 60 != self._minute:
            self._minute, self._left = now // 60, post.per_minute
        return min(self._left, AT_ONCE)

    def _deliver(self, row: MailWaiting, post: Post, now: int) -> int:
        letter = self._letter(row.letter_id)
        try:
            outgoing = actions.begin(
                row=row, letter=letter, digests=self._digests, entropy=self._world.entropy, now=now
            )
        except ValueError:
            logger.error("a mail was given up: keys/mail is not the key it was queued under")  # noqa: TRY400
            actions.refuse(row=row)
            return 0
        if outgoing is None:
            return 0
        # True now: exactly one code for this address is in the table, and the day's tally has counted the mail.
        self._left -= 1
        try:
            post.send(self._message(row, outgoing, post))
        except PostRefusedError as error:
            self._refused.append(str(error))
            actions.refuse(row=row)
            return 0
        except (PostDownError, PostUnsureError) as error:
            sure = isinstance(error, PostDownError)
            actions.later(row=row, address=outgoing.address, digests=self._digests, now=now, sure=sure)
            return 0
        # True now: the mail server answers for the mail.
        actions.finish(row=row)
        # True now: the address is in no row any more.
        return 1

    def _message(self, row: MailWaiting, outgoing: Outgoing, post: Post) -> EmailMessage:
        return message(
            row.kind, code=outgoing.code, to=outgoing.address.spelt, sender=post.sender, language=row.language,
            site=f"{self._world.scheme}://{self._world.authority}",
            stop=self._digests.stop_token(outgoing.address), entropy=self._world.entropy,
        )  # fmt: skip

    def _letter(self, pk: int) -> FixedLetter:
        if pk not in self._letters:
            self._letters[pk] = load_letter(Letter.objects.get(pk=pk), self._world.keys)
        return self._letters[pk]

    def _tidy(self, now: int) -> None:
        """Erases what has lain too long."""
        if self._refused:
            # Together, and late: whoever keeps the journal has its times, and each of these is a person who asked.
            logger.info("mails refused for good: %d; the last one: %s", len(self._refused), self._refused[-1])
            self._refused.clear()
        MailTally.objects.filter(day__lt=now // DAY - 1).delete()
        for kind, seconds in KEEP.items():
            for row in MailWaiting.objects.filter(kind=kind, since__lt=now - seconds)[:AT_ONCE]:
                actions.refuse(row=row)
                self._unwashed = True
                logger.warning("a mail was given up: no mail server took it in time")

    def _wash(self, now: int) -> None:
        """Clears the database's past, which still holds the rows that are gone, and the order of those that are not:
        it would tell which address came with which code."""
        # Whoever asks, and whoever wants no mail, writes a row that may stay for a while.
        seen = (MailWaiting.objects.count(), MailBlocked.objects.count())
        if not self._unwashed and seen == self._seen:
            return
        if 0 <= now - self._mixed < REST:
            # The order may wait for seconds; an address that was deleted may not.
            wash("mail_waiting", "mail_tally")
        else:
            self._mixed = now
            self._unwashed = not self._mixer.clear(*TABLES)
        self._seen = seen

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop``. The mail is worth less than the log: an error here ends nothing."""
        while not stop.is_set():
            try:
                self.round()
            except Exception as error:
                logger.error("the mail round failed: %s", where(error))  # noqa: TRY400
            stop.wait(PAUSE)
        connection.close()
