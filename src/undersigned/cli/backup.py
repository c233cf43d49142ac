"""``undersigned backup`` and ``undersigned restore``: encrypted backups of a site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from undersigned.client.errors import InputError
from undersigned.client.files import read_input
from undersigned.client.http import Http

from . import exits, voice
from .site import Data, SiteError, at_site, require_data

MAX_NOTE = 64 * 1024


def backup(
    to: Annotated[Path, typer.Option(help="The file to write; it must not be there yet.", metavar="FILE")],
    recipient: Annotated[list[str], typer.Option(help="Who can read it: age1..., or an SSH public key; repeatable.")],
    data: Data = Path("data"),
) -> int:
    """Write everything a site cannot make again into one encrypted file. The site runs meanwhile.

    The file is in the age format. It holds a snapshot of the database, the keys, the settings and the newspapers'
    pages, and nothing that has been deleted. On PostgreSQL it holds everything except the database: back that up with
    PostgreSQL's own tools (docs/howto/postgresql.md).

    ```
    undersigned backup --data /srv/letters --to /mnt/backups/2026-12-01.age --recipient age1...
    ```

    People who withdraw later are still in an older backup: keep few backups, and destroy old ones.
    """
    require_data(data)
    try:
        with voice.stage("backed up"), at_site():
            from undersigned.web import operator

            made = operator.back_up(data, target=to, recipients=recipient)
    except SiteError as error:
        voice.fail(str(error))
        return exits.INVALID
    for slug, size in made.letters.items():
        voice.say(f"  {slug}: {voice.count(size, 'entry', 'entries')}")
    if not made.whole:
        voice.say("  The letters are in PostgreSQL and not in this file: back them up with pg_basebackup.")
    voice.good(f"{to} can be read by {voice.count(len(recipient), 'recipient')} and nobody else.")
    return exits.OK


def restore(
    data: Annotated[Path, typer.Option(help="The data directory to make; it must not be there yet.")],
    source: Annotated[Path | None, typer.Argument(help="The backup.", metavar="[FILE]")] = None,
    identity: Annotated[Path | None, typer.Option(help="The file with the age identity.", metavar="FILE")] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(help="A checkpoint somebody kept: a file, a mirror's folder, or a letter's address; repeatable."),
    ] = None,
    unwitnessed: Annotated[
        list[str] | None, typer.Option(help="A letter without trustees, of which nobody can be asked.", metavar="SLUG")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Restore nothing: may the database that is there go on?")
    ] = False,
) -> int:
    """Make a data directory from a backup, unless that would make a log say two different things.

    A log must not resume from a state older than one it has signed: that would be a fork, and anyone who kept the newer
    checkpoint could prove it. So ask every trustee for the newest checkpoint of their mirror (`log/checkpoint`), and
    name them all with `--known`.

    ```
    undersigned restore 2026-12-01.age --data /srv/letters --identity key.txt --known trustee1/log/checkpoint
    ```

    Check a database that was restored by other means (PostgreSQL's tools, or a file copied by hand) in the same way.
    The site does not sign before that, unless it still has its own record of what it signed:

    ```
    undersigned restore --check --data /srv/letters --known trustee1/log/checkpoint
    ```

    Exit status: 0 restored, or it may go on; 1 refused, with the reason; 2 misuse.
    """
    if check:
        if source is not None or identity is not None:
            raise InputError("--check looks at the database that is there: it takes neither a backup nor an identity")
        require_data(data)
        return _check(data, [_note(where) for where in known or []], unwitnessed or [])
    backup_file, key = _from(source, identity, data)
    return _restore(data, backup_file, key, [_note(where) for where in known or []], unwitnessed or [])


def _check(data: Path, notes: list[bytes], unwitnessed: list[str]) -> int:
    try:
        with voice.stage("looked at"), at_site():
            from undersigned.web import operator

            said = operator.check_restored(data, known=notes, unwitnessed=unwitnessed)
    except SiteError as error:
        voice.fail(str(error))
        return exits.INVALID
    for line in said:
        voice.say(f"  {line}")
    voice.good("Nobody who was asked knows more than this database: it may go on.")
    return exits.OK


def _restore(data: Path, source: Path, identity: str, notes: list[bytes], unwitnessed: list[str]) -> int:
    try:
        with voice.stage("restored"), at_site():
            from undersigned.web import operator

            said = operator.restore(data, source=source, identity=identity, known=notes, unwitnessed=unwitnessed)
    except SiteError as error:
        voice.fail(str(error))
        return exits.INVALID
    for line in said:
        voice.say(f"  {line}")
    voice.good(f"{data} is a data directory again. Look at it: {voice.command('doctor', '--deep', '--data', data)}")
    return exits.OK


def _from(source: Path | None, identity: Path | None, data: Path) -> tuple[Path, str]:
    if source is None or identity is None:
        raise InputError("name the backup, and with --identity who can read it; or --check")
    if data.exists():
        raise InputError(f"{data} is there already: nothing is restored over a site")
    if not source.is_file():
        raise InputError(f"{source} is missing")
    key = read_input(identity, limit=MAX_NOTE, what="the age identity")
    try:
        return source, key.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{identity} is not an age identity: it is not text") from None


def _note(where: str) -> bytes:
    """Reads a checkpoint from a file, a mirror's folder or a letter's address."""
    if where.startswith(("http://", "https://")):
        with Http(where if where.endswith("/") else f"{where}/") as http:
            return http.get("log/checkpoint", limit=MAX_NOTE)
    path = Path(where)
    if path.is_dir():
        path = path / "log" / "checkpoint"
    return read_input(path, limit=MAX_NOTE, what="a checkpoint that somebody kept")
