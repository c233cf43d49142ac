"""Withdrawals accepted by a database that is behind its log, saved as files for the database that replaces it.

Each is a file, ``withdrawn/<slug>/<hash>.json`` in the data directory, with the entry as it was posted: it will be
public in the log, and has no name. When the log resumes, on this or another database, they are accepted again.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from django.db import transaction

from undersigned.durable import make_directory, write_new
from undersigned.protocol.errors import ProtocolError
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Pending
from undersigned.web.signing import candidate
from undersigned.web.signing.actions import take_entries

logger = logging.getLogger(__name__)


class KeptWithdrawals:
    """One letter's saved withdrawals. ``root``: the directory of all letters' withdrawals."""

    def __init__(self, root: Path, letter: FixedLetter) -> None:
        self._letter, self._folder = letter, root / letter.slug

    def keep(self) -> None:
        """Saves each pending withdrawal of this database as a file, durably."""
        waiting = Pending.objects.filter(letter=self._letter.pk, kind="withdraw")
        for data in waiting.values_list("data", flat=True):
            path = self._folder / f"{hashlib.sha256(bytes(data)).hexdigest()}.json"
            if not path.exists():
                make_directory(path.parent, 0o700)
                write_new(path, bytes(data))
                # No timestamps: they would reveal the order of withdrawals.
                os.utime(path, (0, 0))

    def give_back(self, now: int) -> None:
        """Accepts each saved withdrawal as if it were posted now, and deletes its file. ``now``: Unix seconds."""
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                found = candidate.check(self._letter, path.read_bytes(), None)
                with transaction.atomic():
                    (outcome,) = take_entries([found], now=now)
            except ProtocolError as error:
                outcome = error
            if isinstance(outcome, Exception):
                logger.error("a withdrawal that was kept cannot be taken: %s", outcome)
            # Safe to delete: it is in the database now, or was before, or will never be valid.
            path.unlink()
