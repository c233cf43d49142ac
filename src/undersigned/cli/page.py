"""``undersigned page``: typeset newspaper pages, the archive PDF and placards; list papers."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from undersigned.client.bundle_path import open_path
from undersigned.client.errors import InputError

from . import changes, exits, voice

if TYPE_CHECKING:
    # Imported in each command: the press is large, and may not be installed.
    from undersigned import press

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Typeset a letter and its names as a newspaper page, with preflight and readback.",
)

Bundle = Annotated[Path, typer.Option("--bundle", help="A letter's bundle: a directory or a zip.", metavar="B")]
Lang = Annotated[str, typer.Option("--lang", help="The language of the page, one of the letter's.", metavar="L")]
Out = Annotated[Path, typer.Option("--out", help="Output folder; created if missing.", metavar="DIR")]
Edition = Annotated[int | None, typer.Option("--edition", help="Edition number; default: the newest.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")]
Missing = Annotated[
    str,
    typer.Option(
        "--missing",
        help="For characters that no font has, such as emoji: leave-out (omitted; a name that would lose a letter "
        "is set aside), set-aside (the name is counted and listed at the address), refuse.",
    ),
]
Decisions = Annotated[
    Path | None,
    typer.Option(
        "--decisions",
        help='Exceptions for single names: JSON, {"KEY": "set-aside"} or {"KEY": {"name": "as the person writes it"}}; '
        "KEY as in the report.",
    ),
]
Date = Annotated[
    str | None, typer.Option("--date", help="The date in the file, UTC. Default: the letter's own, for equal bytes.")
]


@app.command()
def make(
    bundle: Bundle,
    paper: Annotated[str, typer.Option("--paper", help="An id from `page papers`, or a size: 254x533mm, 10x21in.")],
    lang: Lang,
    out: Out,
    imprint: Annotated[str, typer.Option("--imprint", help="Who pays for the page and is responsible for it.")],
    style: Annotated[str, typer.Option("--style", help="list: one name per line. run-in: in paragraphs.")] = "list",
    design: Annotated[str, typer.Option("--design", help="classic, plain or names-first.")] = "classic",
    edition: Edition = None,
    beside: Annotated[str | None, typer.Option("--beside", help="A second language, side by side.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="The booked size, for a paper of unknown size.")] = None,
    icc: Annotated[
        Path | None, typer.Option("--icc", help="The paper's CMYK output profile; PDF/X-4 needs it.")
    ] = None,
    titles: Annotated[bool, typer.Option(help="Print titles after names.")] = True,
    sections: Annotated[bool, typer.Option(help="Print each group under a heading with its count.")] = True,
    spread: Annotated[bool, typer.Option("--spread", help="Two pages of the booked size.")] = False,
    first: Annotated[
        int | None, typer.Option("--first", help="Print only this many names; say where the others are.", min=1)
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="The public address, if not the letter's own.")
    ] = None,
    missing: Missing = "leave-out",
    decisions: Decisions = None,
    date: Date = None,
    as_json: AsJson = False,
) -> int:
    """Typeset one page: the largest type that fits, PDF/X for the paper, preflight, and readback of every name.

    ```
    undersigned page make --bundle ./bundle --paper welt --lang en --imprint "Paid for by ..." --out ./page
    ```

    Writes page.pdf (for the paper), page.png (a preview) and report.json. If a check fails, no page is written.

    Exit status: 0 written, 1 does not fit or fails a check, 2 usage error, 3 undetermined.
    """
    from undersigned import press

    options: dict[str, Any] = {
        "size": size,
        "icc": _bytes(icc),
        "titles": titles,
        "sections": sections,
        "pages": 2 if spread else 1,
        "first": first,
        "missing": missing,
    }
    with _refusals(as_json), open_path(bundle, holding="editions") as files:
        order = press.order_from_bundle(
            files,
            lang=lang,
            paper=paper,
            style=style,
            design=design,
            imprint=imprint,
            number=edition,
            beside=beside,
            timestamp=_moment(date),
            address=address,
            overrides=_decisions(decisions),
            **options,
        )
        with voice.progress() as progress:
            report = press.make_page(order, out, progress=_steps(progress))
    if as_json:
        voice.data_json(dataclasses.asdict(report))
        return exits.OK
    _tell(report, out)
    return exits.OK


@app.command()
def archive(
    bundle: Bundle,
    lang: Lang,
    out: Out,
    edition: Edition = None,
    missing: Missing = "leave-out",
    decisions: Decisions = None,
    date: Date = None,
    as_json: AsJson = False,
) -> int:
    """Make the archive PDF: A4, accessible, for long-term archiving (PDF/A-3a, PDF/UA-1), with the edition attached."""
    from undersigned import press

    with _refusals(as_json), open_path(bundle, holding="editions") as files:
        order = press.archive_order_from_bundle(
            files,
            lang=lang,
            number=edition,
            timestamp=_moment(date),
            missing=missing,
            overrides=_decisions(decisions),
        )
        with voice.progress() as progress:
            report = press.make_archive(order, out, progress=_steps(progress))
    if as_json:
        voice.data_json(dataclasses.asdict(report))
    else:
        voice.good(f"{voice.count(report.names, 'name')}, tagged, with the edition attached: {out / 'archive.pdf'}")
        changes.print_changes([dataclasses.asdict(change) for change in report.mended])
    return exits.OK


@app.command()
def placard(
    title: Annotated[str, typer.Option("--title", help="The headline.")],
    address: Annotated[str, typer.Option("--address", help="Where the symbol leads.")],
    lang: Lang,
    out: Out,
    line: Annotated[
        list[str] | None, typer.Option("--line", help="A line below the headline; may be repeated.")
    ] = None,
    foot: Annotated[str, typer.Option("--foot", help="Small print.")] = "",
    date: Date = None,
) -> int:
    """Make an A3 placard for meetings, with a QR symbol that can be scanned from across the room."""
    from undersigned import press

    moment = _moment(date) or datetime(2000, 1, 1, tzinfo=UTC)
    with _refusals(False):
        press.make_placard(press.PlacardOrder(title, tuple(line or ()), lang, address, moment, foot), out)
    voice.good(f"The placard is in {out / 'placard.pdf'}")
    return exits.OK


@app.command()
def papers(as_json: AsJson = False) -> int:
    """List the known papers, and what is still to be asked of each."""
    from undersigned import press

    known = press.list_papers().values()
    if as_json:
        voice.data_json([dataclasses.asdict(paper) for paper in known])
        return exits.OK
    rows = []
    for paper in known:
        size = f"{paper.width:g} x {paper.height:g}" if paper.width and paper.height else "ask"
        floor = f"{paper.type_floor:g}" + ("" if "type_floor" not in paper.unknown else " ?")
        flavour = paper.flavour + ("" if "flavour" not in paper.unknown else " ?")
        rows.append((paper.id, paper.name, paper.country, size, flavour, floor, f"{paper.ink_limit} %"))
    voice.table("Papers", ("id", "paper", "land", "mm", "built to", "least type, pt", "ink"), rows)
    voice.say("? is our default: ask the paper. `--json` prints every figure with its source and date.")
    voice.say("A paper of unknown size takes --size; any size works as --paper, such as 254x533mm.")
    return exits.OK


def _tell(report: press.PageReport, out: Path) -> None:
    fit = report.fit
    names, columns = voice.count(fit.names, "name"), voice.count(fit.columns, "column")
    voice.good(f"{names} in {fit.reached:g} pt, {columns}; the letter in {fit.letter_size:g} pt")
    voice.good(
        f"Built to {report.flavour}, {report.width_mm:g} x {report.height_mm:g} mm, black only; preflight found nothing"
    )
    voice.good(
        f"Read back: {report.read_back['entries']} of {voice.count(report.read_back['of'], 'name')}, in order, "
        "letter by letter"
    )
    painted = voice.count(report.read_back["painted"]["glyphs"], "glyph")
    voice.good(f"Painted: {painted}, each with the right outline and ink")
    changes.print_changes([dataclasses.asdict(change) for change in report.mended])
    for question in report.ask:
        voice.warn(f"Unknown, ask the paper: {question}")
    voice.say(f"  {out / 'page.pdf'}")
    voice.say(f"  SHA-256 {report.sha256}")


@contextlib.contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    """Converts each PressError to one sentence and an exit code."""
    from undersigned import press

    try:
        yield
    except (press.OrderError, press.PaperError) as error:
        raise InputError(str(error)) from error
    except press.PressError as error:
        if as_json and isinstance(error, press.DidNotFitError):
            voice.data_json(dataclasses.asdict(error.report))
        voice.fail(str(error))
        raise typer.Exit(exits.INVALID) from error


def _steps(progress: voice.Report) -> Callable[[str, float], None]:
    return lambda _what, share: progress("page", round(share * 100), 100)


def _bytes(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError:
        raise InputError(f"{file} cannot be read") from None


def _decisions(file: Path | None) -> dict[str, Any]:
    from undersigned import press

    data = _bytes(file)
    return {} if data is None else press.overrides_from(data)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("--date must be a date, or a date and time, such as 2026-12-01T06:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
