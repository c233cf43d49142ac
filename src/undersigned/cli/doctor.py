"""``undersigned doctor``: is everything in a data directory that should be, and is it true?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import exits, voice
from .server import require_data, run_site


def doctor(
    data: Annotated[Path, typer.Option(help="The data directory.")] = Path("data"),
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
    with voice.stage("examined"):
        done = run_site("doctor", "--data", str(data), *(["--deep"] if deep else []))
    found = done.stdout.splitlines()
    if done.returncode and not found:
        voice.fail(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the examination broke off")
        return exits.INVALID
    if as_json:
        voice.data_json([dict(zip(("where", "what"), line.split(": ", 1), strict=True)) for line in found])
        return exits.INVALID if found else exits.OK
    for line in found:
        voice.fail(line)
    if found:
        return exits.INVALID
    voice.good("Nothing found." + ("" if deep else " --deep derives everything again from the bytes."))
    return exits.OK
