"""``undersigned roll``: the registrar's commands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from undersigned import durable
from undersigned.client import files, registrar
from undersigned.client.errors import InputError
from undersigned.client.folder import Folder
from undersigned.protocol import base64url, canonical, codes

from . import exits, printable, voice

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Make the roll, its access codes and the slips."
)

_PEOPLE_LIMIT = 512 * 1024 * 1024


@app.command()
def make(
    people: Annotated[
        Path | None,
        typer.Argument(help="A CSV file with the heading group,name,title[,address].", metavar="PEOPLE.csv"),
    ] = None,
    letter: Annotated[Path, typer.Option(help="The letter's folder, after `letter new`.", metavar="FOLDER")] = Path(),
    blank: Annotated[
        int | None, typer.Option(help="Make so many codes that name nobody.", min=1, max=1_000_000)
    ] = None,
) -> int:
    """Make an access code for everybody who may sign.

    ```
    undersigned roll make people.csv --letter my-letter
    undersigned roll make --blank 200 --letter my-letter
    ```

    Into FOLDER/roll go `codes.csv` (whose code is whose: hand the codes out, then destroy it), `roll.json` (public:
    salted hashes) and `slots.jsonl` (what the server gets, which opens nothing). Codes go to everybody on the list,
    unasked: holding one must mean nothing.

    With `check = "codes"` in letter.toml, blank codes are handed on from person to person; names are then
    self-declared.
    """
    place = Folder(letter)
    known, described = place.known(), place.letter_file()
    spki = base64url.decode(known.registrar)
    wanted = "codes" if blank is not None else "roll"
    if (people is None) == (blank is None):
        raise InputError("give either PEOPLE.csv or --blank N")
    if described.check != wanted:
        raise InputError(f'letter.toml says check = "{described.check}"; this makes codes for check = "{wanted}"')
    if known.letter is not None:
        raise InputError("the letter is open already: its roll cannot be changed")
    with voice.stage("Codes made"):
        if people is not None:
            text = _text(people)
            made = registrar.make(registrar.read_people(text, {group.id for group in described.groups}), spki)
        else:
            made = registrar.make_blank(blank or 0, spki)
    write(place, made)
    voice.good(f"{place.roll / 'codes.csv'} holds {voice.count(len(made.codes), 'code')}, readable by you alone.")
    voice.warn("That file says whose code is whose. Hand the codes out, then destroy it, and every copy of it.")
    return exits.OK


@app.command()
def slips(
    letter: Annotated[Path, typer.Option(help="The letter's folder, after `letter open`.", metavar="FOLDER")] = Path(),
    lang: Annotated[str | None, typer.Option(help="The language of the slips, one of the letter's.")] = None,
) -> int:
    """Set the access codes as slips of paper to print and cut, eight to a sheet, a QR symbol each.

    ```
    undersigned roll slips --letter my-letter --lang en
    ```

    Writes FOLDER/roll/slips.pdf, in the order of codes.csv and without names: put each slip into the envelope of its
    line. Then destroy both files, and what the printer kept.
    """
    place = Folder(letter)
    known, described = place.known(), place.letter_file()
    if known.letter is None:
        raise InputError("a slip carries the letter's id: open the letter first (undersigned letter open)")
    language = lang or sorted(described.title)[0]
    if language not in described.title:
        raise InputError(f"this letter is in {', '.join(sorted(described.title))}")
    data = files.read_input(place.roll / "codes.csv", limit=_PEOPLE_LIMIT, what="`undersigned roll make` makes it")
    base = f"{known.server.partition('://')[0]}://{known.origin}/"
    spelt = [codes.format_code("S", code) for _, code in registrar.read_codes(data)]
    # Not before: the press is large, and may not be installed.
    from undersigned import press

    printable.warn_of_title(described.title[language], language)
    order = press.SlipOrder(
        title=described.title[language],
        lang=language,
        address=base,
        slips=tuple(press.Slip(code, f"{base}#{known.letter}.{code}") for code in spelt),
        timestamp=datetime.now(UTC).replace(microsecond=0),
    )
    with voice.stage(f"{voice.count(len(spelt), 'slip')} set") as progress:
        pages = press.make_slips(order, place.roll, progress=lambda what, share: progress(what, int(100 * share), 100))
    voice.good(f"{place.roll / 'slips.pdf'}: {voice.count(pages, 'page')}, readable by you alone.")
    return exits.OK


def write(place: Folder, made: registrar.Made) -> None:
    """Writes the registrar's files. Raises InputError if codes are there already: some may have been handed out."""
    folder = files.make_private_directory(place.roll)
    if (folder / "codes.csv").exists():
        raise InputError(f"{folder / 'codes.csv'} is there already; move it away if none of its codes was handed out")
    if made.roll is not None:
        durable.write_over(folder / "roll.json", canonical.encode(made.roll), mode=0o644)
    durable.write_over(folder / "slots.jsonl", registrar.encode_slots(made))
    files.write_new(folder / "codes.csv", registrar.encode_codes(made))


def _text(path: Path) -> str:
    data = files.read_input(path, limit=_PEOPLE_LIMIT, what="the list of those who may sign")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
