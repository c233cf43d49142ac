"""``undersigned verify``: is this letter what it says?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from undersigned.client import bundles, verifier
from undersigned.client.bundle_folder import FolderFiles
from undersigned.client.bundle_path import open_path
from undersigned.client.errors import InputError
from undersigned.client.link import parse_link
from undersigned.protocol import base64url
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.report import Report

from . import exits, voice

_LISTED = 5
_SENTENCES = {
    "valid": "VALID. Everything follows from the public files.",
    "invalid": "INVALID. Do not rely on this letter; the step above says why.",
    "undetermined": "COULD NOT TELL. Nothing is shown to be false, but something is missing.",
}


def verify(
    bundle: Annotated[str, typer.Argument(help="A directory, a zip, or a letter's address.", metavar="BUNDLE|URL")],
    letter: Annotated[
        str | None, typer.Option("--letter", help="The letter id you expect, as in the invitation after the #.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes to use; one a core if not given.", min=1, max=256)
    ] = None,
) -> int:
    """Check a whole letter, trusting neither its site nor its organiser.

    Re-derives everything from public files: the text, who could sign, every signature and credential, the log's tree,
    the count, each opened name and each edition, byte for byte. Needs no account and no permission.

    ```
    undersigned verify https://letters.example.org/valley-water/
    undersigned verify ./bundle --json
    ```

    Exit status: 0 valid, 1 invalid, 2 misuse, 3 could not tell.

    What remains yours to judge: whether this is the letter you mean (compare its id), and whether you trust its
    trustees.
    """
    expected = _letter_id(letter)
    with _open(bundle, expected) as (files, wanted), voice.progress() as progress:
        report = verifier.verify(files, letter=wanted, progress=progress, workers=workers)
    litter = files.litter if isinstance(files, FolderFiles) else []
    if as_json:
        voice.data_json(describe(report) | {"ignored": litter})
    else:
        if litter:
            voice.say(f"Ignored, because desktops leave such files: {_listed(litter)}")
        for step in report.steps:
            voice.step(step.number, step.name, step.outcome, step.detail)
        voice.say(_SENTENCES[report.outcome])
    return exits.of_outcome(report.outcome)


def _letter_id(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64url.decode(text.rpartition("#")[2], 32)
    except MalformedError:
        raise InputError(
            "--letter is not a letter id: 43 letters and digits, as in the invitation after the #"
        ) from None


@contextlib.contextmanager
def _open(where: str, expected: bytes | None) -> Iterator[tuple[Mapping[str, bytes], bytes | None]]:
    """The files at ``where``, and the letter id that is expected there."""
    if "://" in where:
        link = parse_link(where)
        if expected is not None and link.letter not in (None, expected):
            raise InputError("--letter and the address name two different letters")
        with (
            voice.progress() as progress,
            bundles.open_link(link, lambda done, total: progress("fetching", done, total)) as files,
        ):
            yield files, expected or link.letter
    else:
        with open_path(Path(where)) as files:
            if isinstance(files, FolderFiles) and files.root != Path(where):
                voice.say(f"The bundle lies in {files.root}: that is what is checked.")
            yield files, expected


def _listed(paths: list[str]) -> str:
    """The first of ``paths``, and how many more there are."""
    more = len(paths) - _LISTED
    return ", ".join(paths[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def describe(report: Report) -> dict[str, Any]:
    """The report as values for JSON."""
    return {
        "outcome": report.outcome,
        "letter": report.letter,
        "size": report.size,
        "signed": report.signed,
        "withdrawn": report.withdrawn,
        "standing": report.standing,
        "cosignatures": report.cosignatures,
        "editions": report.editions,
        "steps": [
            {"number": step.number, "name": step.name, "outcome": step.outcome, "detail": step.detail}
            for step in report.steps
        ],
    }
