"""The directory, its keys and the database."""

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
from undersigned.web.config.datadir import DataDir
from undersigned.web.database.site_locks import moment
from undersigned.web.maintenance.finding import Finding
from undersigned.web.records.models import Letter
from undersigned.web.storage.compression import SUFFIX
from undersigned.web.storage.keys import FileKeys
from undersigned.web.storage.reserve import LOW

WRITING: Final = 60
"""Seconds without a byte after which nobody is writing a file any more."""


def directory(data: DataDir, *, at_work: bool) -> Iterator[Finding]:
    """Who may read what, what is missing, and how much room there is. ``at_work``: whether there is a clerk now."""
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
    for name in ("django-secret", "organiser-token"):
        if not (data.keys / name).is_file():
            yield Finding("keys", f"{name} is missing: `undersigned serve` makes another, and every token changes")
    if data.database.exists() and data.database.stat().st_mode & 0o077:
        yield Finding("database", f"others may read {data.database}: chmod 600")
    if not data.reserve.exists():
        yield Finding("disk", "the room kept for withdrawals is gone: the disk is full, or was. Nobody can sign")
    free = os.statvfs(data.root)
    if free.f_bavail * free.f_frsize < 8 * LOW:
        yield Finding("disk", f"less than {8 * LOW // 2**20} MiB are free")
    yield from _half_written(data.public, time.time() - WRITING if at_work else None)


def _half_written(public: Path, before: float | None) -> Iterator[Finding]:
    """What a killed process left; the clerk removes it when it starts. ``before``: not written to since, if given."""
    left = [path for path in public.rglob(".*") if _lies(path, before)] if public.is_dir() else []
    if left:
        yield Finding("directory", f"{len(left)} half-written files lie in {public}; the clerk removes them on start")


def _lies(path: Path, before: float | None) -> bool:
    try:
        return path.is_file() and (before is None or path.stat().st_mtime < before)
    except FileNotFoundError:
        return False


def packed(public: Path) -> Iterator[Finding]:
    """Whether readers who take compressed files get what others get."""
    for path in sorted(public.rglob(f"*{SUFFIX}")):
        if _same(path):
            continue
        with moment():
            # The two are written one after the other: once more while nobody writes.
            same = _same(path)
        if not same:
            yield Finding("public", f"{path.relative_to(public)} is not what lies beside it: remove both, and restart")


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
    """Whether it is whole and at this version's schema."""
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
    """Whether the two keys of a letter are there, and are its own."""
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
