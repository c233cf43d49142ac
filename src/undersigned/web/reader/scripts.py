"""The scripts this package ships, by the hash of each: what pages load, and what ``/integrity`` shows.

They are built from ``frontend/`` by its lock file when the package is built, ``make scripts`` in a clone, into
``static/scripts/``: files named by their hash, and ``index.json`` (``frontend/scripts/place.mjs``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "static" / "scripts"


class UnbuiltError(Exception):
    """There are no scripts in this copy of the package; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Script:
    """``path``: where it is served; ``integrity``: the attribute that pins it; ``sha256``: the same in hex."""

    path: str
    integrity: str
    sha256: str
    bytes: int


@cache
def scripts(folder: Path = FOLDER) -> dict[str, Script]:
    """Every script by its plain name, such as ``undersigned.js``. Raises UnbuiltError."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnbuiltError("the scripts of the signing pages are not built here: run `make scripts`") from None
    return {
        name: Script(f"/static/scripts/{row['file']}", row["integrity"], row["sha256"], row["bytes"])
        for name, row in index.items()
    }


def find_script(name: str) -> Script | None:
    """A script for a page that works without it, too; None in a copy that has none."""
    return scripts()[name] if are_built() else None


def script_sources() -> list[str]:
    """The sources of ``script-src``: the hash of each script that a page may load, and none if there are none here."""
    return (
        [f"'{script.integrity}'" for name, script in scripts().items() if name.endswith(".js")] if are_built() else []
    )


def are_built() -> bool:
    """Whether this copy has them. Without, no letter can be signed in the browser, and its pages do not offer it."""
    return (FOLDER / "index.json").is_file()
