"""Opens a bundle from disk as a read-only mapping: a folder, a folder in a folder, or a zip file.

The input is untrusted: paths, number of files and sizes are checked before anything is read. A bundle that cannot be
read is a problem the user can fix, and says nothing about the letter: so it raises InputError, never a verdict.
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
    """Opens the bundle at ``path``. ``holding``: the folder that the caller needs: ``log`` to verify, ``editions`` to
    make a page. Raises InputError if there is none, or it cannot be read."""
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
        raise InputError(f"{path} does not exist") from None
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
            raise InputError(f"{path} is not a bundle: it has no manifest.json, or no files in {holding}/")
        yield files
