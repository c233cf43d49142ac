"""The output directory of a rehearsal: emptied if a rehearsal created it, otherwise left alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from undersigned import durable
from undersigned.client.errors import InputError

MARK: Final = ".undersigned-rehearsal"
_TEXT: Final = b"Made by undersigned rehearse or demo. A directory with this file is emptied when it is made again.\n"


def prepare(out: Path) -> Path:
    """``out`` as an empty directory with our marker file. Raises InputError if it has other content."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out} is not a directory")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise InputError(f"{out} has content that no rehearsal made; it was not changed. Choose another directory")
        for path in out.iterdir():
            if path.name != MARK:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    out.mkdir(parents=True, exist_ok=True)
    # The marker is written first and stays, so that an interrupted run can be started again.
    durable.write_over(out / MARK, _TEXT, mode=0o644)
    return out
