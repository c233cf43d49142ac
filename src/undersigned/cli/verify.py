"""``undersigned verify``: verify a letter from its public files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from undersigned.client.errors import InputError
from undersigned.protocol.errors import MalformedError

from . import exits, network, voice

# The verifier, with HTTP and cryptography, is imported by the function that runs it: --help needs none of it.
if TYPE_CHECKING:
    from undersigned.client.live_check import LiveReport
    from undersigned.protocol.report import Report

_LISTED = 5
_SENTENCES = {
    "valid": "VALID. Everything follows from the public files.",
    "invalid": "INVALID. Do not rely on this letter; the step above says why.",
    "undetermined": "COULD NOT TELL. Nothing was found to be false, but something is missing.",
}


def verify(
    bundle: Annotated[str, typer.Argument(help="A directory, a zip, or a letter's address.", metavar="BUNDLE|URL")],
    letter: Annotated[
        str | None, typer.Option("--letter", help="The letter id you expect, as in the invitation after the #.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes; default: one per core.", min=1, max=256)
    ] = None,
    proxy: network.Proxy = None,
    wait: Annotated[
        float | None,
        typer.Option(help="Seconds to wait for names that lag behind a live letter's log; default: by its size."),
    ] = None,
    timeout: network.Timeout = network.TIMEOUT,
) -> int:
    """Check a whole letter, trusting neither its site nor its organiser.

    Re-derives everything from public files: the text, who could sign, every signature and credential, the log's tree,
    the count, each opened name and each edition, byte for byte. Needs no account and no permission.

    ```
    undersigned verify https://letters.example.org/valley-water/
    undersigned verify ./bundle --json
    ```

    Exit status: 0 valid, 1 invalid, 2 usage error, 3 could not tell. A site that cannot be reached, or that sends
    something else, is 3, with advice.

    A live letter is read as a snapshot at one checkpoint; files that lag behind are waited for. The environment
    variables `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` are used.

    What remains yours to judge: whether this is the letter you mean (compare its id), and whether you trust its
    trustees.
    """
    expected = _letter_id(letter)
    litter: list[str] = []
    if "://" in bundle:
        checked = _check_site(bundle, expected, workers, network.Network(proxy, timeout), wait)
    else:
        checked, litter = _check_bundle(Path(bundle), expected, workers)
    report = checked.report
    if as_json:
        voice.data_json(describe(report) | {"ignored": litter})
        return exits.of_outcome(report.outcome)
    if litter:
        voice.say(f"Ignored files that desktops create: {_listed(litter)}")
    for step in report.steps:
        voice.step(step.number, step.name, step.outcome if step.applies else "inapplicable", step.detail)
    voice.say(_SENTENCES[report.outcome])
    if report.size is not None and report.outcome == "valid" and report.size < checked.newest:
        voice.say(f"Read as of entry {report.size}; {checked.newest - report.size} later ones are not cosigned yet.")
    return exits.of_outcome(report.outcome)


def _letter_id(text: str | None) -> bytes | None:
    if text is None:
        return None
    from undersigned.protocol import base64url

    try:
        return base64url.decode(text.rpartition("#")[2], 32)
    except MalformedError:
        raise InputError(
            "--letter is not a letter id: 43 letters and digits, as in the invitation after the #"
        ) from None


def _check_bundle(path: Path, expected: bytes | None, workers: int | None) -> tuple[LiveReport, list[str]]:
    """Checks the bundle at ``path``. Returns the files beside it that desktops leave, too."""
    from undersigned.client import verifier
    from undersigned.client.bundle_folder import FolderFiles
    from undersigned.client.bundle_path import open_path
    from undersigned.client.live_check import LiveReport

    with open_path(path) as files, voice.progress() as progress:
        litter = files.litter if isinstance(files, FolderFiles) else []
        if isinstance(files, FolderFiles) and files.root != path:
            voice.say(f"The bundle is in {files.root}, which is what is checked.")
        return LiveReport(verifier.verify(files, letter=expected, progress=progress, workers=workers), 0), litter


def _check_site(
    where: str, expected: bytes | None, workers: int | None, by: network.Network, wait: float | None
) -> LiveReport:
    """Checks the letter at the address ``where``."""
    from undersigned.client import live_check
    from undersigned.client.letter import connect
    from undersigned.client.link import parse_link
    from undersigned.client.live_snapshot import SnapshotReader

    link = parse_link(where)
    if expected is not None and link.letter not in (None, expected):
        raise InputError("--letter and the address name different letters")
    with (
        tempfile.TemporaryDirectory(prefix="undersigned-") as folder,
        connect(link, proxy=by.proxy_for(link), budget=by.budget()) as http,
        voice.progress() as progress,
    ):
        reader = SnapshotReader(
            http, link, Path(folder), patience=wait, progress=lambda done, total: progress("fetching", done, total)
        )
        return live_check.verify_live(
            reader, Path(folder), letter=expected or link.letter, progress=progress, workers=workers
        )


def _listed(paths: list[str]) -> str:
    """The first of ``paths``, and how many more there are."""
    more = len(paths) - _LISTED
    return ", ".join(paths[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def describe(report: Report) -> dict[str, Any]:
    """The report as values for JSON (docs/reference/findings.md)."""
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
            {
                "number": step.number,
                "name": step.name,
                "outcome": step.outcome,
                "findings": [finding.as_value() | {"sentence": finding.sentence} for finding in step.findings],
                "detail": step.detail,
            }
            for step in report.steps
        ],
    }
