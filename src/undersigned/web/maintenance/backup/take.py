"""Takes an encrypted backup while the site runs."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import msgspec
import pyrage
from django.db import connection

from undersigned.durable import sync_directory
from undersigned.web.config.datadir import DataDir
from undersigned.web.maintenance.backup.contents import BackupError, Contents, LetterState

_NEWEST: Final = """
SELECT l.slug, l.origin, c.size, c.root FROM letters_letter l
LEFT JOIN log_checkpoint c ON c.letter_id = l.id
AND c.size = (SELECT max(size) FROM log_checkpoint WHERE letter_id = l.id)
WHERE l.letter IS NOT NULL ORDER BY l.slug
"""


def take(*, data: DataDir, target: Path, recipients: Sequence[str], now: int) -> Contents:
    """Writes the backup to ``target``, encrypted to ``recipients`` (age1..., or SSH public keys), atomically.

    Blocks neither signatures nor the clerk. The database is copied as a snapshot; keys and settings do not change, and
    a letter's keys exist before its row does; newspaper pages are read a little later, and a clerk that starts with
    pages that do not match its rows makes them again (``web.clerk.pressroom``). A site on PostgreSQL is backed up
    without its database. The only unencrypted data on disk is a temporary copy of the database inside the data
    directory. ``now``: Unix seconds. Raises BackupError.
    """
    if target.exists():
        raise BackupError(f"{target} already exists and will not be overwritten")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is not a directory")
    readers = [_recipient(text) for text in recipients]
    partial = target.with_name(f".{target.name}.partial")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=data.root) as folder:
        copy = Path(folder) / data.database.name if connection.vendor == "sqlite" else None
        if copy is not None:
            _copy_database(Path(connection.settings_dict["NAME"]), copy)
        # True now: the copy is a consistent snapshot. The backup's summary is read from the copy too.
        contents = _contents(now, _states(copy))
        try:
            _write(data, copy, contents, partial, readers)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    sync_directory(target.parent)
    return contents


def _recipient(text: str) -> pyrage.x25519.Recipient | pyrage.ssh.Recipient:
    for kind in (pyrage.x25519.Recipient, pyrage.ssh.Recipient):
        try:
            return kind.from_str(text.strip())
        except pyrage.RecipientError:
            continue
    raise BackupError(f"{text!r} is no age recipient: age1..., or a line of an SSH public key")


def _copy_database(database: Path, copy: Path) -> None:
    source = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        # Unlike a copy of the file's pages, this contains no deleted rows.
        source.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise BackupError(f"the database could not be copied: {error}") from None
    finally:
        source.close()


def _states(copy: Path | None) -> list[LetterState]:
    """Each letter's newest checkpoint, from the copy; on PostgreSQL from the database itself."""
    if copy is None:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST)
            rows = cursor.fetchall()
    else:
        database = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
        try:
            rows = database.execute(_NEWEST).fetchall()
        finally:
            database.close()
    return [LetterState(slug, origin, size or 0, root or "") for slug, origin, size, root in rows]


def _contents(now: int, letters: list[LetterState]) -> Contents:
    authority = letters[0].origin.partition("/")[0] if letters else ""
    return Contents(1, now, authority, letters)


def _write(data: DataDir, copy: Path | None, contents: Contents, partial: Path, readers: list[object]) -> None:
    """Packs into a pipe and encrypts from it: the unencrypted archive is never on disk."""
    inward, outward = os.pipe()
    failed: list[BaseException] = []

    def pack() -> None:
        try:
            with os.fdopen(outward, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
                _fill(archive, data, copy, contents)
        except BaseException as error:
            failed.append(error)

    packer = threading.Thread(target=pack)
    packer.start()
    with os.fdopen(inward, "rb") as source, _private(partial) as out:
        try:
            pyrage.encrypt_io(source, out, readers)
            out.flush()
            os.fsync(out.fileno())
        except OSError as error:
            raise BackupError(f"{partial.parent} took no more: {error.strerror}") from None
        finally:
            source.close()
            packer.join()
    if failed:
        raise BackupError(f"the backup could not be read together: {failed[0]}") from failed[0]


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def _fill(archive: tarfile.TarFile, data: DataDir, copy: Path | None, contents: Contents) -> None:
    _add(archive, "backup.json", msgspec.json.encode(contents), contents.at)
    _add(archive, "settings.toml", data.settings.read_bytes(), contents.at)
    for folder in ("keys", "pages"):
        for path in sorted((data.root / folder).rglob("*")):
            name = path.relative_to(data.root).as_posix()
            # Skips temporary files, such as the next page of a booking.
            if any(part.startswith(".") or part.endswith(".new") for part in name.split("/")):
                continue
            try:
                content = path.read_bytes()
            except (IsADirectoryError, FileNotFoundError):
                # A directory, or a page that was replaced or erased after it was listed.
                continue
            _add(archive, name, content, contents.at)
    if copy is None:
        return
    with copy.open("rb") as file:
        member = _member(copy.name, copy.stat().st_size, contents.at)
        archive.addfile(member, file)


def _add(archive: tarfile.TarFile, name: str, content: bytes, at: int) -> None:
    archive.addfile(_member(name, len(content), at), io.BytesIO(content))


def _member(name: str, size: int, at: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, at, 0o600
    return member
