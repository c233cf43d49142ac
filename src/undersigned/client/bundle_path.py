"""A bundle from a disk: a folder, a folder in a folder, or a zip, as a read-only mapping.

Nothing in a bundle is trusted, not even that it is a bundle: paths, numbers of files and sizes are bounded before
anything is read. What cannot be used is the user's to mend and no word on the letter: InputError.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from undersigned.protocol import zip_profile

from .bundle_folder import FolderFiles, find_bundle
from .bundle_zip import ZipFiles
from .errors import InputError


@contextlib.contextmanager
def open_path(path: Path, *, holding: str = "log") -> Iterator[Mapping[str, bytes]]:
    """The bundle at ``path``. ``holding``: the folder without which the caller can do nothing: the log, to verify;
    ``editions``, to set a page. Raises InputError if there is none, or it cannot be read."""
    kind = _kind_of(path)
    if stat.S_ISDIR(kind):
        yield FolderFiles(find_bundle(path, holding))
    elif stat.S_ISREG(kind):
        with _opened_zip(path, holding) as files:
            yield files
    else:
        raise InputError(f"{path} is neither a folder nor a zip")


def _kind_of(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{path} is not there") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


@contextlib.contextmanager
def _opened_zip(path: Path, holding: str) -> Iterator[ZipFiles]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    with file:
        if not zip_profile.looks_like_zip(zip_profile.reader_of(file), file.seek(0, 2)):
            raise InputError(f"{path} is neither a folder nor a zip")
        files = ZipFiles(path, file)
        if "manifest.json" not in files or not any(name.startswith(f"{holding}/") for name in files):
            raise InputError(f"{path} is not a bundle: it holds no manifest.json, or nothing in {holding}/")
        yield files
