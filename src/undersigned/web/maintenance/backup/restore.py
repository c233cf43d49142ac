"""Restores a backup into a new data directory."""

from __future__ import annotations

import os
import shutil
import tarfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec
import pyrage

from undersigned.durable import make_directory, sync_directory
from undersigned.web.maintenance.backup.contents import MEMBER, BackupError, Contents


def unpack(*, source: Path, folder: Path, identity: str) -> Contents:
    """Decrypts and unpacks a backup into ``folder``, durably. ``identity``: the text of an age identity file.

    Raises BackupError for a file that is no backup, is damaged, or is not encrypted to this identity. Do not run a site
    on ``folder`` before ``known.check`` has passed: it could fork a log.
    """
    keys = _identities(identity)
    make_directory(folder, 0o700)
    for name in ("keys", "pages"):
        make_directory(folder / name, 0o700)
    try:
        _unpack(source, folder, keys)
        return msgspec.json.decode((folder / "backup.json").read_bytes(), type=Contents)
    except (pyrage.DecryptError, tarfile.TarError, msgspec.MsgspecError, FileNotFoundError, EOFError) as error:
        raise BackupError(
            f"{source} cannot be restored: it is damaged, no backup, or not for this identity ({error})"
        ) from None


def place(*, folder: Path, target: Path) -> None:
    """Renames the restored directory to its final name: from here on a site may run on it."""
    (folder / "backup.json").unlink()
    folder.rename(target)
    sync_directory(target.parent)


def discard(folder: Path) -> None:
    """Deletes a partly restored directory."""
    shutil.rmtree(folder, ignore_errors=True)


def _identities(text: str) -> list[object]:
    found: list[object] = []
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        if text.lstrip().startswith("-----BEGIN"):
            found.append(pyrage.ssh.Identity.from_buffer(text.encode()))
        else:
            found += [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError as error:
        raise BackupError(f"this is no age identity: {error}") from None
    if not found:
        raise BackupError("the identity file is empty: it holds a line AGE-SECRET-KEY-1...")
    return found


def _unpack(source: Path, folder: Path, keys: Sequence[object]) -> None:
    """Decrypts into a pipe and unpacks from it: the decrypted archive is never on disk."""
    inward, outward = os.pipe()
    failed: list[BaseException] = []

    def decrypt() -> None:
        try:
            with source.open("rb") as file, os.fdopen(outward, "wb") as stream:
                pyrage.decrypt_io(file, stream, list(keys))
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=decrypt)
    reader.start()
    try:
        with os.fdopen(inward, "rb") as stream:
            _files(stream, folder)
    except tarfile.TarError:
        reader.join()
        # The reason why the archive ends early is the decryption's error, if it has one.
        raise (failed[0] if failed else BackupError(f"{source} ends in its middle")) from None
    finally:
        reader.join()
    if failed:
        raise failed[0]


def _files(stream: IO[bytes], folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            # Only known names are accepted, so that an archive cannot write anywhere else (path traversal).
            if not member.isfile() or not MEMBER.fullmatch(member.name):
                raise BackupError(f"a backup holds no {member.name!r}")
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 - it is a file
            target = folder / member.name
            make_directory(target.parent, 0o700)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                shutil.copyfileobj(content, file, 1024 * 1024)
                file.flush()
                os.fsync(file.fileno())
            sync_directory(target.parent)
