"""``undersigned booking``: book, download, send, revise and cancel newspaper pages."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from undersigned.client.bookings import Booking, Bookings
from undersigned.client.errors import WaitingError
from undersigned.client.files import read_input
from undersigned.client.folder import Folder

from . import changes, exits, letter, voice
from .terms import Terms, asked, with_terms

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Book newspaper pages; the server remakes each for every new edition until you send it.",
)

FolderArgument = Annotated[Path, typer.Argument(help="The letter's folder.", metavar="FOLDER")]
Number = Annotated[int, typer.Argument(help="The booking's number, as `booking list` shows it.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Icc = Annotated[Path | None, typer.Option(help="The paper's CMYK output profile; PDF/X-4 needs it.")]
MAX_FILE = 256 * 1024 * 1024


@app.command()
@with_terms
def new(
    folder: FolderArgument,
    paper: Annotated[str, typer.Option(help="An id from `page papers`, or a size: 254x533mm, 10x21in.")],
    lang: Annotated[str, typer.Option(help="The language of the page, one of the letter's.", metavar="L")],
    deadline: Annotated[str, typer.Option(help="The paper's copy deadline, as 2026-12-01T15:00:00Z.")],
    imprint: Annotated[str, typer.Option(help="Who pays for the page and is responsible for it.")],
    *,
    terms: Terms,
    icc: Icc = None,
    as_json: Json = False,
) -> int:
    """Book a page in a paper.

    The server makes the page as soon as an edition is published, and again for every later edition, until you have sent
    it to the paper (`booking sent`) or the deadline has passed.

    ```
    undersigned booking new my-letter --paper welt --lang en --deadline 2026-12-01T15:00:00Z --imprint "Paid for by ..."
    ```
    """
    order = asked(terms) | {"paper": paper, "lang": lang, "imprint": imprint}
    profile = _profile(icc)
    # A late import: the press is large, and may not be installed.
    from undersigned.press import find_paper

    known = find_paper(paper, terms["size"])
    with _bookings(folder) as bookings:
        made = bookings.book(deadline, order)
        if profile is not None:
            made = bookings.set_profile(made.number, profile)
    if as_json:
        voice.data_json(dataclasses.asdict(made))
        return exits.OK
    voice.good(f"Booking {made.number}: {paper}, {lang}, copy deadline {made.deadline}.")
    for question in known.questions:
        voice.warn(f"Unknown, ask the paper: {question}")
    voice.say(
        f"  The page, once there is an edition: {voice.command('booking', 'page', folder, made.number, '--out', 'DIR')}"
    )
    return exits.OK


@app.command("list")
def list_(folder: FolderArgument, as_json: Json = False) -> int:
    """List all bookings: deadline, edition on the page, and state.

    ```
    undersigned booking list my-letter
    ```
    """
    with _bookings(folder) as bookings:
        found = bookings.all()
    if as_json:
        voice.data_json([dataclasses.asdict(row) for row in found])
        return exits.OK
    rows = [
        (row.number, row.paper, row.lang, row.deadline, _state(row), row.edition or "-", row.sha256[:16] or "-")
        for row in found
    ]
    voice.table("Bookings", ("no.", "paper", "lang", "copy deadline", "state", "edition", "SHA-256"), rows)
    for row in found:
        if row.refusal:
            voice.fail(f"Booking {row.number}: {row.refusal}")
    return exits.OK


@app.command()
def page(
    folder: FolderArgument,
    number: Number,
    out: Annotated[Path, typer.Option(help="Output folder; created if missing.", metavar="DIR")],
    wait: Annotated[float, typer.Option(help="Seconds to wait for the page, if it is being made.", min=0)] = 300,
) -> int:
    """Download the page of a booking: page.pdf for the paper, page.png for a preview, report.json.

    ```
    undersigned booking page my-letter 1 --out ./page
    ```

    Exit status: 0 downloaded, 1 the page cannot be made on these terms, 2 usage error, 3 not ready yet.
    """
    with _bookings(folder) as bookings:
        with voice.progress() as progress:
            found = bookings.wait(number, wait, lambda percent: progress("page", percent, 100))
        if found.refusal:
            voice.fail(found.refusal)
            return exits.INVALID
        if found.state == "cancelled":
            voice.fail(f"Booking {number} was cancelled: it has no page.")
            return exits.INVALID
        if not found.sha256:
            raise WaitingError("there is no page yet: it is made as soon as an edition is published")
        written = bookings.fetch(found, out)
    voice.good(f"Edition {found.edition} for {found.paper}, {_state(found)}: {written[0]}")
    report = next((file for file in written if file.name == "report.json"), None)
    if report is not None:
        changes.print_changes(json.loads(report.read_text("utf-8")).get("mended", []))
    voice.say(f"  SHA-256 {found.sha256}")
    return exits.OK


@app.command()
def sent(
    folder: FolderArgument,
    number: Number,
    file: Annotated[Path, typer.Argument(help="The file that you sent to the paper.", metavar="PAGE.PDF")],
) -> int:
    """Mark the page as sent to the paper. Its hash freezes it: later editions do not change it.

    ```
    undersigned booking sent my-letter 1 ./page/page.pdf
    ```
    """
    data = read_input(file, limit=MAX_FILE, what="the page you sent")
    with _bookings(folder) as bookings:
        found = bookings.act(number, "sent", {"sha256": hashlib.sha256(data).hexdigest()})
    voice.good(f"Booking {number} is sent: edition {found.edition}, frozen. SHA-256 {found.sha256}")
    return exits.OK


@app.command()
@with_terms
def revise(
    folder: FolderArgument,
    number: Number,
    deadline: Annotated[str | None, typer.Option(help="The paper's new copy deadline.")] = None,
    imprint: Annotated[str | None, typer.Option(help="Who pays for the page and is responsible for it.")] = None,
    *,
    terms: Terms,
    icc: Icc = None,
) -> int:
    """Revise a sent page, optionally with new terms: it is remade for the newest edition and must be sent again.

    ```
    undersigned booking revise my-letter 1 --style run-in
    ```
    """
    more = {"deadline": deadline, "imprint": imprint}
    order = asked(terms) | {name: value for name, value in more.items() if value is not None}
    profile = _profile(icc)
    with _bookings(folder) as bookings:
        bookings.act(number, "revise", order)
        if profile is not None:
            bookings.set_profile(number, profile)
    voice.good(f"Booking {number} is being remade. Tell the paper not to print a page you sent before.")
    return exits.OK


@app.command()
def printed(folder: FolderArgument, number: Number) -> int:
    """Mark as printed.

    ```
    undersigned booking printed my-letter 1
    ```
    """
    with _bookings(folder) as bookings:
        found = bookings.act(number, "printed")
    voice.good(f"Booking {number} is printed: edition {found.edition} in {found.paper}.")
    return exits.OK


@app.command()
def cancel(
    folder: FolderArgument, number: Number, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> int:
    """Cancel a booking.

    ```
    undersigned booking cancel my-letter 1
    ```
    """
    with _bookings(folder) as bookings:
        found = bookings.one(number)
        voice.confirm(f"Cancel booking {number}, {found.paper}?", yes)
        bookings.act(number, "cancel")
    voice.good(f"Booking {number} is cancelled.")
    return exits.OK


@contextlib.contextmanager
def _bookings(folder: Path) -> Iterator[Bookings]:
    with letter.connected(Folder(folder)) as by:
        yield Bookings(by.http)


def _profile(icc: Path | None) -> bytes | None:
    return None if icc is None else read_input(icc, limit=4 * 1024 * 1024, what="the paper's ICC profile")


def _state(row: Booking) -> str:
    if row.refusal:
        return "does not fit"
    if row.due and row.progress is not None:
        return f"{row.state}, {row.progress} % made"
    return f"{row.state}, being made" if row.due else row.state
