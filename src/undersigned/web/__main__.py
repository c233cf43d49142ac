"""``python -m undersigned.web``: serve, clerk and the operator's tools. The ``undersigned`` command starts these."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from django.db import Error as DatabaseError

from undersigned.languages.library import IcuError
from undersigned.web.config.datadir import (
    ENVIRONMENT,
    DataDir,
    DataError,
    SiteSettings,
    check_same,
    prepare,
    read_settings,
)
from undersigned.web.database.sqlite_library import UnsafeDatabaseError


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    data = DataDir(Path(parsed.data).resolve())
    os.environ[ENVIRONMENT] = str(data.root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    os.umask(0o077)
    try:
        return _run(parsed, data)
    except (DataError, UnsafeDatabaseError, IcuError) as error:
        print(f"undersigned: {error}", file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(f"undersigned: the database does not answer as it should: {str(error).strip()}", file=sys.stderr)
        return 1
    except OSError as error:
        # A full disk, a read-only mount, somebody else's directory: the operator's to mend, and no traceback helps.
        print(f"undersigned: {_unusable(data, error)}", file=sys.stderr)
        return 1


def _unusable(data: DataDir, error: OSError) -> str:
    """What the operator is told of a file that cannot be used: which, why, and what to do."""
    where = error.filename or data.root
    why = (error.strerror or str(error)).lower()
    what_to_do = f"Choose another place with --data, or let the user who runs this write to {data.root}"
    return f"cannot use {where}: {why}. {what_to_do}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m undersigned.web", description="The undersigned site.")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="make the data directory, or what is missing of it")
    init.add_argument("--authority", help="HOST or HOST:PORT under which the site is reached")
    serve = commands.add_parser("serve", help="run the web workers and the clerk")
    for command in (init, serve):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1)
    clerk = commands.add_parser("clerk", help="run the clerk alone")
    doctor = commands.add_parser("doctor", help="examine a data directory")
    doctor.add_argument("--deep", action="store_true", help="derive every tree, count and edition again from the bytes")
    doctor.add_argument("--data", required=True, help="the data directory")
    backup = commands.add_parser("backup", help="write an encrypted backup while the site runs")
    backup.add_argument("--to", required=True, help="the file; it must not be there yet")
    backup.add_argument("--recipient", action="append", required=True, help="who can read it: age1..., or an SSH key")
    backup.add_argument("--data", required=True, help="the data directory")
    restore = commands.add_parser("restore", help="make a data directory from a backup")
    restore.add_argument("--check", action="store_true", help="ask only whether the database there is may go on")
    restore.add_argument("--from", dest="source", help="the backup")
    restore.add_argument("--identity", help="the file with the age identity")
    restore.add_argument("--known", action="append", default=[], help="a checkpoint that somebody kept")
    restore.add_argument("--unwitnessed", action="append", default=[], help="a letter without trustees")
    restore.add_argument("--data", required=True, help="the data directory; without --check not there yet")
    for command in (init, serve, clerk):
        command.add_argument("--data", required=True, help="the data directory")
        command.add_argument("--database", help="postgresql://USER@HOST/NAME, kept in settings.toml by the first start")
    return parser


def initialise(data: DataDir, authority: str, database: str | None = None) -> None:
    """Makes the directory, settings, keys, and a database at the newest schema; changes nothing that is there."""
    prepare(data, authority, database)
    check_same(data, database)
    import django

    django.setup(set_prefix=False)
    from django.db import connection

    from undersigned.web.database import schema
    from undersigned.web.database.postgresql import locks

    # Several machines may start at once on one PostgreSQL database.
    with locks.hold_lock(locks.SCHEMA) if connection.vendor == "postgresql" else nullcontext():
        schema.migrate_schema()
    if connection.vendor == "sqlite":
        data.database.chmod(0o600)


def _run(parsed: argparse.Namespace, data: DataDir) -> int:
    if parsed.command == "init":
        authority = _own_authority(parsed, data) if parsed.authority is None else parsed.authority
        initialise(data, authority, parsed.database)
        from undersigned.web.maintenance.authority import change_authority

        changed = change_authority(data, authority)
        print(f"{data.root} is {'now' if changed else 'ready'} for {authority}")
        return 0
    if parsed.command == "serve":
        return _serve(parsed, data)
    if parsed.command == "doctor":
        return _doctor(parsed, data)
    if parsed.command == "backup":
        return _backup(parsed, data)
    if parsed.command == "restore":
        return _check_restored(parsed, data) if parsed.check else _restore(parsed, data)
    check_same(data, parsed.database)
    import django

    django.setup(set_prefix=False)
    from undersigned.web.clerk import clerk
    from undersigned.web.wiring import world_of

    try:
        clerk.run(data, world_of(data))
    except clerk.AnotherClerkError as error:
        print(f"undersigned: {error}", file=sys.stderr)
        return 1
    return 0


def lacking(data: DataDir, site: SiteSettings) -> str | None:
    """What is missing without which nothing can be examined. Opening a database that is not there would make one."""
    if not (data.keys / "django-secret").is_file():
        return "keys: django-secret is missing: `undersigned serve` makes another, and forms that are open are void"
    if site.database is None and not data.database.is_file():
        return "database: undersigned.sqlite3 is missing: restore a backup. Do not start the site: it would begin anew"
    return None


def _doctor(parsed: argparse.Namespace, data: DataDir) -> int:
    """Prints each finding as a line on stdout, what is being looked at on stderr; 1 if there are findings."""
    # A directory that is none is not made: the settings are read first.
    missing = lacking(data, read_settings(data))
    if missing is not None:
        print(missing)
        return 1
    import django

    django.setup(set_prefix=False)
    from undersigned.web.maintenance.doctor import examine
    from undersigned.web.wiring import world_of

    found = examine(
        data=data, world=world_of(data), thorough=parsed.deep, progress=lambda what: print(what, file=sys.stderr)
    )
    for finding in found:
        print(f"{finding.where}: {finding.what}")
    return 1 if found else 0


def _backup(parsed: argparse.Namespace, data: DataDir) -> int:
    read_settings(data)
    import django

    django.setup(set_prefix=False)
    from undersigned.web.maintenance.backup.contents import BackupError
    from undersigned.web.maintenance.backup.take import take

    try:
        made = take(data=data, target=Path(parsed.to).resolve(), recipients=parsed.recipient, now=int(time.time()))
    except BackupError as error:
        print(f"undersigned: {error}", file=sys.stderr)
        return 1
    for letter in made.letters:
        print(f"{letter.slug}: {letter.size} entries")
    if read_settings(data).database is not None:
        print("The letters are in PostgreSQL and not in this file: back them up with pg_basebackup.")
    return 0


def _restore(parsed: argparse.Namespace, data: DataDir) -> int:
    if data.root.exists():
        print(f"undersigned: {data.root} is there already and will not be written over", file=sys.stderr)
        return 1
    partial = DataDir(data.root.with_name(f".{data.root.name}.restoring"))
    from undersigned.web.maintenance.backup import restore
    from undersigned.web.maintenance.backup.contents import BackupError

    try:
        restore.discard(partial.root)
        restore.unpack(
            source=Path(parsed.source), folder=partial.root, identity=Path(parsed.identity).read_text(encoding="utf-8")
        )
        # The settings are the restored ones; Django sees the directory where it lies until it has been checked.
        os.environ[ENVIRONMENT] = str(partial.root)
        initialise(partial, read_settings(partial).authority)
        from django.db import connections

        from undersigned.web.maintenance.backup import known
        from undersigned.web.wiring import world_of

        said = known.check(notes=[Path(path).read_bytes() for path in parsed.known], unwitnessed=parsed.unwitnessed)
        known.vouch(world_of(partial))
        connections.close_all()
        restore.place(folder=partial.root, target=data.root)
    except (BackupError, OSError, UnicodeDecodeError) as error:
        restore.discard(partial.root)
        print(f"undersigned: {error}. Nothing was restored.", file=sys.stderr)
        return 1
    for line in said:
        print(line)
    return 0


def _check_restored(parsed: argparse.Namespace, data: DataDir) -> int:
    """Whether a database restored by other means may go on; if so, the site is told."""
    missing = lacking(data, read_settings(data))
    if missing is not None:
        print(f"undersigned: {missing}", file=sys.stderr)
        return 1
    initialise(data, read_settings(data).authority)
    from undersigned.web.maintenance.backup import known
    from undersigned.web.maintenance.backup.contents import BackupError
    from undersigned.web.wiring import world_of

    try:
        said = known.check(notes=[Path(path).read_bytes() for path in parsed.known], unwitnessed=parsed.unwitnessed)
    except BackupError as error:
        print(f"undersigned: {error}. Nothing was changed.", file=sys.stderr)
        return 1
    known.vouch(world_of(data))
    for line in said:
        print(line)
    return 0


def _halt(data: DataDir) -> None:
    """Nobody gets a receipt from a database that is behind: that is asked before anybody is answered."""
    from undersigned.web.log.guard import halt_rolled_back_letters
    from undersigned.web.ports import StorageAwayError
    from undersigned.web.wiring import world_of

    try:
        for line in halt_rolled_back_letters(world_of(data)):
            print(f"undersigned: {line}.", file=sys.stderr)
    except StorageAwayError as error:
        # The clerk asks again, before it signs.
        print(f"undersigned: {error}", file=sys.stderr)


def _own_authority(parsed: argparse.Namespace, data: DataDir) -> str:
    """What the settings say, else what a first start takes: where it listens."""
    from undersigned.web.maintenance.authority import default_authority

    return read_settings(data).authority if data.settings.exists() else default_authority(parsed.host, parsed.port)


def _serve(parsed: argparse.Namespace, data: DataDir) -> int:
    from undersigned.web import serve

    try:
        serve.check_port(parsed.host, parsed.port)
        initialise(data, _own_authority(parsed, data), parsed.database)
        _halt(data)
        return serve.serve(data.root, parsed.host, parsed.port, parsed.workers)
    except serve.PortTakenError as error:
        print(f"undersigned: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
