"""Django's own management commands on a site's data: a shell, a database prompt, migrations' state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from undersigned.web.config.datadir import DataDir
from undersigned.web.operator.errors import explained
from undersigned.web.operator.setup import enter, set_up_django


def manage(root: Path, words: Sequence[str]) -> None:
    """Runs one management command of Django with these words.

    Raises OperatorError, and SystemExit as Django's commands do.
    """
    data = DataDir(root.resolve())
    enter(data)
    with explained(data):
        set_up_django()
        from django.core.management import ManagementUtility

        ManagementUtility(["undersigned django", *words]).execute()
