"""``undersigned roll``: make access codes, the roll and printed slips."""

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
        typer.Argument(help="A CSV file with the header group,name,title[,address].", metavar="PEOPLE.csv"),
    ] = None,
    letter: Annotated[Path, typer.Option(help="The letter's folder, after `letter new`.", metavar="FOLDER")] = Path(),
    blank: Annotated[int | None, typer.Option(help="Make this many codes without names.", min=1, max=1_000_000)] = None,
) -> int:
    """Make an access code for everyone who may sign.

    ```
    undersigned roll make people.csv --letter my-letter
    undersigned roll make --blank 200 --letter my-letter
    ```

    Writes to FOLDER/roll: `codes.csv` (links codes to people: distribute the codes, then destroy it), `roll.json`
    (public: salted hashes) and `slots.jsonl` (for the server, which cannot decrypt it). Send a code to everyone on the
    list, without being asked: holding a code must reveal nothing.

    With `check = "codes"` in letter.toml, blank codes are handed on from person to person; names are then
    self-declared.
    """
    place = Folder(letter)
    known, described = place.read_record(), place.letter_file()
    spki = base64url.decode(known.registrar)
    wanted = "codes" if blank is not None else "roll"
    if (people is None) == (blank is None):
        raise InputError("give either PEOPLE.csv or --blank N")
    if described.check != wanted:
        raise InputError(f'letter.toml has check = "{described.check}"; this makes codes for check = "{wanted}"')
    if known.letter is not None:
        raise InputError("the letter is already open: its roll cannot be changed")
    with voice.stage("Codes made"):
        if people is not None:
            text = _text(people)
            made = registrar.make_codes(registrar.read_people(text, {group.id for group in described.groups}), spki)
        else:
            made = registrar.make_blank_codes(blank or 0, spki)
    write(place, made)
    voice.good(f"{place.roll / 'codes.csv'} contains {voice.count(len(made.codes), 'code')}, readable by you only.")
    voice.warn("That file links codes to people. Distribute the codes, then destroy it and every copy of it.")
    return exits.OK


@app.command()
def slips(
    letter: Annotated[Path, typer.Option(help="The letter's folder, after `letter open`.", metavar="FOLDER")] = Path(),
    lang: Annotated[str | None, typer.Option(help="The language of the slips, one of the letter's.")] = None,
) -> int:
    """Typeset the access codes as slips to print and cut, eight per sheet, each with a QR symbol.

    ```
    undersigned roll slips --letter my-letter --lang en
    ```

    Writes FOLDER/roll/slips.pdf, in the order of codes.csv and without names: put each slip into the envelope of its
    line. Then destroy both files, and the printer's stored copy.
    """
    place = Folder(letter)
    known, described = place.read_record(), place.letter_file()
    if known.letter is None:
        raise InputError("a slip contains the letter's id: open the letter first (undersigned letter open)")
    language = lang or sorted(described.title)[0]
    if language not in described.title:
        raise InputError(f"this letter is in {', '.join(sorted(described.title))}")
    data = files.read_input(place.roll / "codes.csv", limit=_PEOPLE_LIMIT, what="`undersigned roll make` makes it")
    base = f"{known.server.partition('://')[0]}://{known.origin}/"
    spelt = [codes.format_code("S", code) for _, code in registrar.read_codes(data)]
    # A late import: the press is large, and may not be installed.
    from undersigned import press

    printable.warn_of_title(described.title[language], language)
    order = press.SlipOrder(
        title=described.title[language],
        lang=language,
        address=base,
        slips=tuple(press.Slip(code, f"{base}#{known.letter}.{code}") for code in spelt),
        timestamp=datetime.now(UTC).replace(microsecond=0),
    )
    with voice.stage(f"{voice.count(len(spelt), 'slip')} typeset") as progress:
        pages = press.make_slips(order, place.roll, progress=lambda what, share: progress(what, int(100 * share), 100))
    voice.good(f"{place.roll / 'slips.pdf'}: {voice.count(pages, 'page')}, readable by you only.")
    return exits.OK


def write(place: Folder, made: registrar.CodeSet) -> None:
    """Writes the registrar's files. Raises InputError if codes exist: some may have been distributed."""
    folder = files.make_private_directory(place.roll)
    if (folder / "codes.csv").exists():
        raise InputError(f"{folder / 'codes.csv'} already exists; move it away if none of its codes was distributed")
    if made.roll is not None:
        durable.write_over(folder / "roll.json", canonical.encode(made.roll), mode=0o644)
    durable.write_over(folder / "slots.jsonl", registrar.encode_slots(made))
    files.write_new(folder / "codes.csv", registrar.encode_codes(made))


def _text(path: Path) -> str:
    data = files.read_input(path, limit=_PEOPLE_LIMIT, what="the list of people who may sign")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
