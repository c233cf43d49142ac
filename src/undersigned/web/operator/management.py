"""Runs Django's management commands on a site's data: a shell, a database prompt, the state of migrations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from undersigned.web.operator.setup import on_site, set_up_django


def manage(root: Path, words: Sequence[str]) -> None:
    """Runs one of Django's management commands. ``words``: the command and its arguments.

    Raises OperatorError, and SystemExit like Django's commands.
    """
    with on_site(root):
        set_up_django()
        from django.core.management import ManagementUtility

        ManagementUtility(["undersigned django", *words]).execute()
