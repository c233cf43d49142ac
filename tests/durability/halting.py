"""The site's command, killed at one statement of its migrations.

    python -m durability.halting before|after NUMBER whole|loose init --data DIR ...

``before`` or ``after`` the statement NUMBER (from 1; 0: never) the process kills itself. ``loose`` is a control: no
migration is in a transaction then. It writes the number of statements to stderr at the end.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.migrations import Migration

import undersigned.web  # noqa: F401 - first of all: it chooses the SQLite that Django gets
from undersigned.cli.app import run
from undersigned.web.database import schema
from undersigned.web.database.postgresql.base import DatabaseWrapper

_execute = CursorWrapper.execute
_done = 0


def _halt() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(when: str, number: int) -> None:
    """Every statement is counted from now on."""

    def counting(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        global _done
        _done += 1
        if when == "before" and _done == number:
            _halt()
        answer = _execute(self, sql, params)
        if when == "after" and _done == number:
            _halt()
        return answer

    CursorWrapper.execute = counting  # type: ignore[method-assign]


if __name__ == "__main__":
    when, number, manner = sys.argv[1:4]
    arm(when, int(number))
    if manner == "loose":
        Migration.atomic = False
        schema.one_transaction = nullcontext  # type: ignore[assignment]
        # Nor does a session of PostgreSQL object to what is in none.
        DatabaseWrapper.guarded = False
    status = run(sys.argv[4:])
    print(f"statements {_done}", file=sys.stderr)
    raise SystemExit(status)
