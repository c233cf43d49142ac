"""Runs Django's management commands on a site's data: a shell, a database prompt, the state of migrations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from undersigned.web.config.datadir import DataDir
from undersigned.web.operator.errors import explained
from undersigned.web.operator.setup import enter, set_up_django


def manage(root: Path, words: Sequence[str]) -> None:
    """Runs one of Django's management commands. ``words``: the command and its arguments.

    Raises OperatorError, and SystemExit like Django's commands.
    """
    data = DataDir(root.resolve())
    enter(data)
    with explained(data):
        set_up_django()
        from django.core.management import ManagementUtility

        ManagementUtility(["undersigned django", *words]).execute()
