"""The built JavaScript files and their hashes, for subresource integrity, the CSP and the ``/integrity`` page.

They are built from ``frontend/`` and its lock file when the package is built, or by ``make scripts`` in a clone, into
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
    """This copy of the package has no built scripts; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script. ``path``: where it is served; ``integrity``: its integrity attribute; ``sha256``: the hash in hex."""

    path: str
    integrity: str
    sha256: str
    bytes: int


@cache
def scripts(folder: Path = FOLDER) -> dict[str, Script]:
    """Every script by its name without hash, such as ``undersigned.js``. Raises UnbuiltError."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnbuiltError("the scripts of the signing pages are not built here: run `make scripts`") from None
    return {
        name: Script(f"/static/scripts/{row['file']}", row["integrity"], row["sha256"], row["bytes"])
        for name, row in index.items()
    }


def find_script(name: str) -> Script | None:
    """A script for a page that also works without it; None if the scripts are not built."""
    return scripts()[name] if are_built() else None


def script_sources() -> list[str]:
    """The CSP sources for ``script-src``: the hash of each script that a page may load; empty if none are built."""
    return (
        [f"'{script.integrity}'" for name, script in scripts().items() if name.endswith(".js")] if are_built() else []
    )


def are_built() -> bool:
    """Whether the scripts are built. If not, no letter can be signed in the browser, and pages do not offer it."""
    return (FOLDER / "index.json").is_file()
