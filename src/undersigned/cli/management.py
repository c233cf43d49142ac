"""``undersigned django``: Django's own commands, for the people who know them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import exits
from .site import Data, at_site, require_data


def django(
    words: Annotated[list[str], typer.Argument(help="One of Django's commands, with its options.", metavar="COMMAND")],
    data: Data = Path("data"),
) -> int:
    """Run one of Django's management commands (shell, dbshell, check, showmigrations) on a site's data.

    ```
    undersigned django --data /srv/letters showmigrations
    undersigned django --data /srv/letters shell -c 'from undersigned.web.records import models; print(dir(models))'
    ```

    `--data` comes before the command's name; everything after that name belongs to Django. These commands can change
    and destroy data: make a backup first, and stop the site before you change anything.
    """
    require_data(data)
    with at_site():
        from undersigned.web import operator

        operator.manage(data, words)
    return exits.OK
