"""``undersigned letter``: the organiser's commands, from draft to publication."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from undersigned import durable
from undersigned.client import files, organiser, registrar
from undersigned.client.errors import InputError
from undersigned.client.folder import Folder, read_token
from undersigned.client.letter import Letter, fetch_letter
from undersigned.client.link import parse_link, parse_server
from undersigned.client.organiser import Organiser
from undersigned.protocol import canonical, manifest, roll
from undersigned.protocol.entries import REASONS

from . import examples, exits, printable, voice

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write, open, publish or abandon a letter.",
)

FolderArgument = Annotated[Path, typer.Argument(help="The letter's folder.", metavar="FOLDER")]
Edition = Annotated[int | None, typer.Option(help="The edition; the newest if not given.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@app.command()
def new(
    folder: FolderArgument,
    server: Annotated[str | None, typer.Option(help="The server's address.", metavar="URL")] = None,
    token_file: Annotated[Path | None, typer.Option(help="The file with the organiser's token.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Only make FOLDER, with a letter to change.")] = False,
) -> int:
    """Start a letter: a draft on the server, and the organiser's key in FOLDER.

    FOLDER holds `letter.toml` and `text/<language>.md`. To start from an example:

    ```
    undersigned letter new --example my-letter
    undersigned letter new my-letter --server https://letters.example.org --token-file token
    ```

    Afterwards FOLDER has the server's answer in `letter.json`, and the registrar can run `undersigned roll make`.
    """
    if example:
        examples.write(folder)
        voice.good(f"{folder} holds an example: change letter.toml and text/, then run this again with --server.")
        return exits.OK
    if server is None or token_file is None:
        raise InputError("--server and --token-file are needed (or --example)")
    place = Folder(folder)
    described = place.letter_file()
    printable.warn_of(described, place.texts(described.title))
    known = organiser.draft(parse_server(server), read_token(token_file), described.slug, str(token_file.resolve()))
    place.organiser_seed()
    place.write_record(known)
    voice.good(f"A draft is at {known.origin}. Its keys on your side lie in {folder}.")
    voice.say(f"  Next: undersigned roll make PEOPLE.csv --letter {folder}, then undersigned letter open {folder}")
    return exits.OK


@app.command("open")
def open_(
    folder: FolderArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Fix the text, the roll and the terms: the draft becomes a letter.

    Uploads the texts and the slots of `roll/`, builds and checks the manifest, and has the server freeze it. Prints the
    invitation. None of this can be changed later: a changed text is a new letter.

    ```
    undersigned letter open my-letter
    ```

    A sealed letter takes signatures once every trustee has approved it (`undersigned trustee approve`).
    """
    place = Folder(folder)
    known, described = place.read_record(), place.letter_file()
    slots, people = read_slots(place, described.check)
    built, texts = organiser.build_manifest(place, described, known, len(slots), people)
    printable.warn_of(described, place.texts(described.title))
    voice.confirm(f"Freeze {built.origin}: {len(slots):,} may sign, {', '.join(built.languages)}?", yes)
    with connected(place) as by:
        with voice.stage(f"{voice.count(len(slots), 'code')} uploaded") as progress:
            by.upload_texts(texts)
            by.upload_slots(slots, lambda done, total: progress("uploading codes", done, total))
        letter = by.freeze(built)
    durable.write_over(folder / "manifest.json", letter.source, mode=0o644)
    place.mark_open(letter.id_text)
    voice.good(f"The letter is fixed. Its id: {letter.id_text}")
    if built.sealed:
        number = voice.count(len(built.trustees), "trustee")
        voice.say(f"  {number} must approve it before anybody can sign. The invitation:")
    voice.data(letter.invitation)
    return exits.OK


def read_slots(place: Folder, check: str) -> tuple[list[dict[str, str | None]], roll.Roll | None]:
    """Reads the registrar's files for this letter. Raises InputError if there are none."""
    if check == "mail":
        return [], None
    what = "`undersigned roll make` makes it"
    slots = registrar.read_slots(files.read_input(place.roll / "slots.jsonl", limit=canonical.MAX_DOCUMENT, what=what))
    if check == "codes":
        return slots, None
    return slots, roll.parse_roll(files.read_input(place.roll / "roll.json", limit=canonical.MAX_DOCUMENT, what=what))


@contextlib.contextmanager
def connected(place: Folder) -> Iterator[Organiser]:
    """The organiser's connection to the letter of ``place``."""
    known = place.read_record()
    by = Organiser(known, place.token(known), place.organiser_seed())
    try:
        yield by
    finally:
        by.close()


@contextlib.contextmanager
def at(folder: Path) -> Iterator[tuple[Organiser, Letter]]:
    """The organiser's connection and the letter. Raises InputError while it is a draft."""
    place = Folder(folder)
    known = place.read_record()
    if known.letter is None:
        raise InputError(f"this letter is a draft still: run undersigned letter open {folder}")
    with connected(place) as by:
        yield by, fetch_letter(by.http, parse_link(f"{by.base}#{known.letter}"))


@app.command()
def notice(
    folder: FolderArgument,
    after: Annotated[
        str | None, typer.Option(help="The cut comes not before this time, as 2026-12-01T06:00:00Z; else the earliest.")
    ] = None,
    edition: Edition = None,
) -> int:
    """Announce a cut, so that people can still withdraw or sign.

    Signatories have at least the grace period that the manifest promises, measured by each trustee's own clock.

    ```
    undersigned letter notice my-letter --after 2026-12-01T06:00:00Z
    ```
    """
    with at(folder) as (by, letter):
        number = edition or len(by.status()["editions"]) + 1
        time_ = organiser.earliest_cut(letter, time.time()) if after is None else manifest.parse_time(after)
        by.notice(letter, number, time_)
        by.wait_served(letter, lambda found: len(found["editions"]) >= number, "the notice")
        voice.good(f"Notice of edition {number}: the cut comes not before {manifest.format_time(time_)}.")
    return exits.OK


@app.command()
def cut(folder: FolderArgument, edition: Edition = None) -> int:
    """Fix whose names will be opened: everyone who has signed and not withdrawn.

    Refused before the time in the notice, and while there are fewer signatories than the letter requires.

    ```
    undersigned letter cut my-letter
    ```

    If the letter is sealed, each trustee then runs `undersigned trustee open`.
    """
    with at(folder) as (by, letter):
        number = edition or _newest(by)
        by.cut(letter, number)
        by.wait_served(letter, lambda found: found["editions"][number - 1]["cut"] is not None, "the cut")
        voice.good(f"Edition {number} is cut. {_after_cut(folder, letter)}")
    return exits.OK


def _after_cut(folder: Path, letter: Letter) -> str:
    """The next step. A public letter's names are not sealed, so its trustees open nothing."""
    if letter.manifest.sealed:
        return "Next, the trustees open the names: each runs undersigned trustee open."
    return (
        f"Its names are public already, so nothing has to be opened. Next: {voice.command('letter', 'publish', folder)}"
    )


def _newest(by: Organiser) -> int:
    editions = by.status()["editions"]
    if not editions:
        raise InputError("no notice has been given yet")
    return int(editions[-1]["number"])


@app.command()
def review(folder: FolderArgument, edition: Edition = None, as_json: Json = False) -> int:
    """Look at the opened names once, before they are published.

    Strike false, famous or duplicate names, and people who ask to be left out (`undersigned letter strike`). A strike
    is public and counted, with a reason. The server records each review in its audit trail.

    ```
    undersigned letter review my-letter
    ```
    """
    with at(folder) as (by, _):
        names = list(by.review(edition or _newest(by)))
    if as_json:
        voice.data_json(names)
        return exits.OK
    for row in names:
        voice.data_row([row.get(field, "") for field in ("key", "as", "group", "name", "title", "verdict")])
    voice.say(f"{voice.count(len(names), 'name')}.")
    return exits.OK


@app.command()
def strike(
    folder: FolderArgument,
    key: Annotated[str, typer.Argument(help="The key, as the review shows it.", metavar="KEY")],
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")],
    edition: Edition = None,
) -> int:
    """Leave one name out, permanently: a public log entry with a reason.

    The key stays in the count, is shown as struck, and its name is never published.

    ```
    undersigned letter strike my-letter KEY --reason asked
    ```
    """
    with at(folder) as (by, letter):
        number = edition or _newest(by)
        by.strike(letter, number, key, reason)
        by.wait_served(letter, what="the strike")
        voice.good(f"Struck from edition {number}: {reason}. The trustees cosign once more before it is published.")
    return exits.OK


@app.command()
def publish(folder: FolderArgument, edition: Edition = None) -> int:
    """Publish an edition: names, the data of its pages and the bundle, all at once.

    Refused until enough trustees have opened the names and have cosigned the log past the last strike.

    ```
    undersigned letter publish my-letter
    ```

    Prints the edition id, which appears on every page.
    """
    with at(folder) as (by, letter):
        number = edition or _newest(by)
        with voice.working("The server checks everything once more, and publishes"):
            identifier = by.publish(number)
        voice.good(f"Edition {number} is published at {letter.link.base}")
        voice.say(f"  Anybody can check it: {voice.command('verify', letter.invitation)}")
    voice.data(identifier)
    return exits.OK


@app.command()
def abandon(folder: FolderArgument, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> int:
    """Give the letter up. Nothing is published after it; the trustees destroy their keys.

    ```
    undersigned letter abandon my-letter
    ```
    """
    with at(folder) as (by, letter):
        voice.confirm(f"Abandon {letter.manifest.origin}, for good?", yes)
        by.abandon(letter)
        voice.good("Abandoned. Ask each trustee to run undersigned trustee destroy.")
    return exits.OK


@app.command()
def status(folder: FolderArgument, as_json: Json = False) -> int:
    """Show the letter's status: counts, approvals, cosignatures, editions. Never names.

    ```
    undersigned letter status my-letter
    ```
    """
    with connected(Folder(folder)) as by:
        found = by.status()
    if as_json:
        voice.data_json(found)
        return exits.OK
    voice.facts([*_status(found), *((f"Edition {row['number']}", _edition(row)) for row in found["editions"])])
    return exits.OK


def _status(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The server's status of a letter, as labels and values."""
    used = f"at least {found['activated']:,}" if found["activated"] else "fewer than 10"
    cosigned = found["cosigned"]
    yield "Stage", found["stage"].replace("-", " ")
    yield "Count", f"{found['count']:,} ({found['signed']:,} signed, {found['withdrawn']:,} withdrew)"
    yield "Waiting for the next batch", voice.count(found["pending"], "entry", "entries")
    yield "Codes used at the last batch", f"{used} of {found['codes']:,}"
    yield "Approved by", _trustees(found["approvals"])
    if cosigned["size"]:
        yield (
            "Cosigned",
            f"by {_trustees(cosigned['trustees'])}, up to {voice.count(cosigned['size'], 'entry', 'entries')}",
        )


def _trustees(numbers: list[int]) -> str:
    match numbers:
        case []:
            return "no trustee"
        case [one]:
            return f"trustee {one}"
        case [*others, last]:
            return f"trustees {', '.join(map(str, others))} and {last}"
    raise AssertionError(numbers)


def _edition(row: dict[str, Any]) -> str:
    if row.get("published"):
        return f"published, id {row['published']}"
    if row.get("cut") is None:
        return f"notice given; the cut comes not before {row['after']}"
    struck = f", {row['struck']:,} struck" if row["struck"] else ""
    return f"cut; {row['resolved']:,} of {voice.count(row['open_set'], 'name')} opened{struck}"
