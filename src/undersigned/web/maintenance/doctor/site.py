"""Checks the data directory, its permissions, keys and free space, and the database."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from undersigned.protocol import base64url, keys
from undersigned.web.config.credentials import read_secret
from undersigned.web.config.datadir import DataDir
from undersigned.web.database.site_locks import between_rounds
from undersigned.web.maintenance.finding import Finding
from undersigned.web.records.models import Letter
from undersigned.web.storage.compression import SUFFIX
from undersigned.web.storage.keys import FileKeys
from undersigned.web.storage.reserve import MIN_FREE

WRITING: Final = 60
"""Seconds without a change after which a temporary file counts as abandoned."""


def directory(data: DataDir, *, at_work: bool) -> Iterator[Finding]:
    """Checks permissions, missing files and free space. ``at_work``: whether a clerk is running."""
    for path, mode in ((data.root, 0o700), (data.keys, 0o700), (data.pages, 0o700)):
        if not path.is_dir():
            yield Finding("directory", f"{path} is missing")
        elif path.stat().st_mode & 0o777 & ~mode:
            yield Finding("directory", f"others may look into {path}: chmod {mode:o}")
    for path in sorted(data.keys.iterdir()) if data.keys.is_dir() else ():
        if path.stat().st_mode & 0o077:
            yield Finding("keys", f"others may read {path}: chmod 600")
        if path.stat().st_uid != os.getuid():
            yield Finding("keys", f"{path} belongs to somebody else")
    # Without django-secret no examination begins (operator/examination.py).
    if read_secret(data, "organiser-token") is None:
        yield Finding(
            "keys",
            "organiser-token is missing: unless systemd passes it to the site as a credential, `undersigned serve` "
            "makes another, and organisers need the new one",
        )
    if data.database.exists() and data.database.stat().st_mode & 0o077:
        yield Finding("database", f"others may read {data.database}: chmod 600")
    if not data.reserve.exists():
        yield Finding("disk", "the disk reserve is missing: the disk is, or was, full. No signatures are taken")
    free = os.statvfs(data.root)
    if free.f_bavail * free.f_frsize < 8 * MIN_FREE:
        yield Finding("disk", f"less than {8 * MIN_FREE // 2**20} MiB are free")
    yield from _half_written(data.public, time.time() - WRITING if at_work else None)


def _half_written(public: Path, before: float | None) -> Iterator[Finding]:
    """Temporary files of killed processes; the clerk removes them when it starts. ``before``: only older ones."""
    left = [path for path in public.rglob(".*") if _is_abandoned(path, before)] if public.is_dir() else []
    if left:
        yield Finding("directory", f"{len(left)} half-written files are in {public}; the clerk removes them on start")


def _is_abandoned(path: Path, before: float | None) -> bool:
    try:
        return path.is_file() and (before is None or path.stat().st_mtime < before)
    except FileNotFoundError:
        return False


def packed(public: Path) -> Iterator[Finding]:
    """Checks that every compressed copy has the same content as its file."""
    for path in sorted(public.rglob(f"*{SUFFIX}")):
        if _same(path):
            continue
        with between_rounds():
            # The two files are written one after the other: compare again while no round runs.
            same = _same(path)
        if not same:
            yield Finding("public", f"{path.relative_to(public)} differs from its file: remove both, and restart")


def _same(path: Path) -> bool:
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        # Gone since it was listed.
        return True
    try:
        return gzip.decompress(packed) == path.with_name(path.name.removesuffix(SUFFIX)).read_bytes()
    except (OSError, EOFError, zlib.error):
        return False


def database(thorough: bool) -> Iterator[Finding]:
    """Checks that the database is intact and at this version's schema."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check" if thorough else "PRAGMA quick_check")
            found = [str(row[0]) for row in cursor.fetchall()]
            if found != ["ok"]:
                yield Finding("database", f"SQLite finds it damaged: {found[0]}. Restore a backup")
            cursor.execute("PRAGMA foreign_key_check")
            if cursor.fetchone() is not None:
                yield Finding("database", "rows refer to rows that are gone")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield Finding("database", f"{len(waiting)} migrations have not been applied: `undersigned serve` does")


def letter_keys(row: Letter, data: DataDir) -> Finding | None:
    """Checks that a letter's two keys exist and are its own."""
    held = FileKeys(data.keys)
    try:
        log = base64url.encode(keys.public_key(held.log_seed(row.slug)))
        registrar = held.registrar_public(row.slug)
    except (OSError, ValueError) as error:
        return Finding(row.slug, f"its keys cannot be read ({type(error).__name__}): restore them from a backup")
    if log != row.log:
        return Finding(row.slug, "keys: the log's key is another than the letter's")
    if registrar != bytes(row.registrar):
        return Finding(row.slug, "keys: the registrar's key is another than the letter's")
    return None
