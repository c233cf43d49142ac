"""Atomic output of several files: written to a temporary folder, flushed (fsync), then renamed into place.

A process killed half-way leaves either the old or the new version of each file, never an incomplete one. Its temporary
folder, whose name begins with a full stop, is removed by the next run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

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
            with (folder / name).open("wb") as file:
                Path(file.name).chmod(0o600 if private else 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        last = list(files)[-1]
        # Files without their report do not count as written: so remove the old report before the first new file comes.
        (out / last).unlink(missing_ok=True)
        _sync(out)
        for name in files:
            (folder / name).replace(out / name)
        _sync(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a directory, and NTFS journals names without it
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
