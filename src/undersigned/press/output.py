"""Atomic output of several files: written to a temporary folder, flushed (fsync), then renamed into place.

A process killed half-way leaves either the old or the new version of each file, never an incomplete one. Its temporary
folder, whose name begins with a full stop, is removed by the next run.
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
    """Writes ``files`` (name to bytes) into the folder ``out``, each atomically. The last one named is renamed last.

    ``private``: mode 0600. Raises OSError. The caller names the report last: when it exists, so do the files it
    describes.
    """
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob(f"{PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=out))
    try:
        for name, data in files.items():
            durable.create_file(folder / name, data, 0o600 if private else 0o644)
        last = list(files)[-1]
        # Files without their report do not count as written: so remove the old report before the first new file comes.
        (out / last).unlink(missing_ok=True)
        durable.sync_directory(out)
        for name in files:
            (folder / name).replace(out / name)
        durable.sync_directory(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
