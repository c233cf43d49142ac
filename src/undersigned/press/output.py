"""Files written all or not at all: into a folder beside, flushed, then moved under their names.

A process killed half-way leaves the old files, or the new, never a half-written one; what it leaves beside them has a
name that starts with a full stop, and the next run removes it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from undersigned import durable

PREFIX: Final = ".undersigned-page-"


def write_all(out: Path, files: Mapping[str, bytes], *, private: bool = False) -> None:
    """Writes ``files`` (name to bytes) into the folder ``out``, each whole. The last one named is moved last.

    ``private``: only the owner may read them. Raises OSError. The caller names the report last: where it stands, the
    files it speaks of stand.
    """
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob(f"{PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=out))
    try:
        for name, data in files.items():
            durable.create_file(folder / name, data, 0o600 if private else 0o644)
        last = list(files)[-1]
        # Without its report nothing here counts as written: so the old report goes before the first new file comes.
        (out / last).unlink(missing_ok=True)
        durable.sync_directory(out)
        for name in files:
            (folder / name).replace(out / name)
        durable.sync_directory(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
