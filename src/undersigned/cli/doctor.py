"""``undersigned doctor``: is everything in a data directory that should be, and is it true?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from . import exits, voice
from .site import Data, SiteError, at_site, require_data


def doctor(
    data: Data = Path("data"),
    deep: Annotated[bool, typer.Option("--deep", help="Derive every tree, count and edition again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON on stdout.")] = False,
) -> int:
    """Examine a site's data: permissions, keys, database, checkpoints, counts. Changes nothing, names nobody.

    With `--deep` everything is derived again from the entries' bytes: each signed root, each tile, each sealed object,
    each edition, and the bundle as a stranger would check it. The site runs meanwhile, and nobody waits for it.

    ```
    undersigned doctor --deep --data /srv/letters
    ```

    Exit status: 0 nothing found, 1 something found, 2 misuse.
    """
    require_data(data)
    try:
        with voice.stage("examined"), at_site():
            from undersigned.web import operator

            found = operator.examine(data, deep=deep)
    except SiteError as error:
        voice.fail(str(error))
        return exits.INVALID
    if as_json:
        voice.data_json([dataclasses.asdict(finding) for finding in found])
        return exits.INVALID if found else exits.OK
    for finding in found:
        voice.fail(f"{finding.where}: {finding.what}")
    if found:
        return exits.INVALID
    voice.good("Nothing found." + ("" if deep else " --deep derives everything again from the bytes."))
    return exits.OK
