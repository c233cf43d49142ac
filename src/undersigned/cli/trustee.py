"""``undersigned trustee``: the commands of a trustee, who holds a key share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from undersigned.client import files, keyfile
from undersigned.client import trustee as work
from undersigned.client.errors import InputError, ProblemError, UndeliveredError, UnreachableError, WaitingError
from undersigned.client.letter import Letter, approvals, connect, fetch_letter, fetch_text
from undersigned.client.link import parse_link

from . import exits, network, voice

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Hold a key share: approve, watch, open, destroy."
)

Key = Annotated[Path, typer.Argument(help="Your key file.", metavar="KEYFILE")]
Link = Annotated[str, typer.Argument(help="The invitation: https://HOST/LETTER/#ID", metavar="LINK")]
Passphrase = Annotated[Path | None, typer.Option(help="A file whose first line is the passphrase; default: ask.")]
State = Annotated[Path | None, typer.Option(help="State folder with the mirrored log; default: KEYFILE.state.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def init(
    key: Key,
    name: Annotated[str, typer.Option(help="Your name, as it appears in the letter.")],
    passphrase_file: Passphrase = None,
) -> int:
    """Make a key for one letter: KEYFILE, encrypted with a passphrase, and a public file next to it.

    ```
    undersigned trustee init water.age --name 'Ada Millward'
    ```

    Send the `.public.json` file to the organiser. Keep the key file and the passphrase: without them the other trustees
    must reach the threshold without you, or the names stay sealed. One key serves one letter.
    """
    passphrase = voice.ask_secret("Passphrase", passphrase_file, twice=True)
    public = keyfile.finish_key(key, name, passphrase) or keyfile.save_key(keyfile.new_key(name), key, passphrase)
    voice.good(f"Your encrypted key is in {key}. Send the organiser this file:")
    voice.data(str(public))
    return exits.OK


@contextmanager
def _trustee(
    key: Path, link: str, passphrase_file: Path | None, state: Path | None, proxy: str | None
) -> Iterator[work.Trustee]:
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        opened = keyfile.load_key(key, voice.ask_secret("Passphrase", passphrase_file))
        yield work.Trustee(opened, letter, http, state or state_of(key))


def state_of(key: Path) -> Path:
    """The state folder of the key file ``key``."""
    return key.with_name(f"{key.name}.state")


@app.command()
def approve(
    key: Key,
    link: Link,
    passphrase_file: Passphrase = None,
    state: State = None,
    yes: Yes = False,
    proxy: network.Proxy = None,
) -> int:
    """Approve a letter: its log records that you have seen it and hold the key it names.

    Read what is shown first. The letter opens for signature once every trustee has approved.

    ```
    undersigned trustee approve water.age 'https://letters.example.org/valley-water/#ID'
    ```
    """
    with _trustee(key, link, passphrase_file, state, proxy) as by:
        _show(by.letter)
        for language in by.letter.manifest.languages:
            voice.say(f"[{language}] {by.letter.manifest.title[language]}\n")
            voice.say(fetch_text(by.http, by.letter, language))
        voice.confirm(f"Approve it as trustee {by.index}?", yes)
        try:
            by.approve()
        except ProblemError as error:
            if error.code != "duplicate":
                raise
        _wait_for_approval(by)
    voice.good("Approved. From now on run: undersigned trustee watch")
    return exits.OK


def _wait_for_approval(by: work.Trustee, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while by.index not in approvals(by.http, by.letter):
        if time.monotonic() > deadline:
            raise WaitingError("the log has promised to include the approval, and has not done so yet")
        time.sleep(0.2)


def _show(letter: Letter) -> None:
    release = letter.manifest.release
    voice.say(f"{letter.manifest.origin}, letter {letter.id_text}")
    voice.say(f"  {letter.manifest.threshold} of {len(letter.manifest.trustees)} open it:")
    for number, trustee in enumerate(letter.manifest.trustees, start=1):
        voice.say(f"    {number}. {trustee.name}")
    voice.say(f"  at least {release.signatures} signatures, not before {release.not_before},")
    voice.say(f"  {release.grace} seconds of grace after a notice, abandoned after {release.abandon_after}")


@app.command()
def watch(
    key: Key,
    link: Link,
    passphrase_file: Passphrase = None,
    state: State = None,
    once: Annotated[bool, typer.Option("--once", help="Check once and exit.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between checks.", min=1, max=86400)] = 60,
    proxy: network.Proxy = None,
) -> int:
    """Watch a letter's log: verify every entry, mirror the log, cosign its checkpoints.

    Refuses a log that is rolled back, forks, has an invalid entry, or cuts before the end of the grace period by this
    machine's clock; contradictory checkpoints are stored as evidence. Let it run, or run it from a timer with `--once`:
    it must see a notice soon after it is given, because the grace period counts from then.

    ```
    undersigned trustee watch water.age 'https://letters.example.org/valley-water/#ID'
    ```
    """
    with _trustee(key, link, passphrase_file, state, proxy) as by:
        while True:
            try:
                _say_watched(by.watch())
            except (UndeliveredError, UnreachableError, WaitingError) as error:
                # Temporary errors: keep watching. Any other error is a reason to stop and call the organiser.
                if once:
                    raise
                voice.warn(str(error))
            if once:
                return exits.OK
            time.sleep(every)


def _say_watched(watched: work.WatchResult) -> None:
    cosigned = "cosigned" if watched.cosigned else "cosigned before"
    voice.good(f"{watched.size} entries, {watched.new} new; {watched.count} signatures counted; {cosigned}")
    if watched.mute:
        voice.warn(f"{len(watched.mute)} seals have no share that this key can open, first: {watched.mute[0]}")
    if watched.missing:
        voice.warn(f"{len(watched.missing)} seals could not be downloaded, first: {watched.missing[0]}")


@app.command("open")
def open_(
    key: Key,
    link: Link,
    edition: Annotated[int, typer.Option(help="The edition.", min=1)] = 1,
    passphrase_file: Passphrase = None,
    state: State = None,
    yes: Yes = False,
    proxy: network.Proxy = None,
) -> int:
    """Open your shares of the names that a cut covers, and send them.

    Checks everything that `watch` checks, and the release conditions by this machine's clock. Shares of withdrawn
    signatures are never opened. Once enough trustees have sent shares, the names can be read.

    ```
    undersigned trustee open water.age 'https://letters.example.org/valley-water/#ID'
    ```
    """
    with _trustee(key, link, passphrase_file, state, proxy) as by:
        # Start the progress bars after the question: they would overwrite it.
        voice.confirm(f"Open edition {edition} of {by.letter.manifest.origin}?", yes)
        with voice.progress() as progress:
            by.report_to(progress)
            released = by.open(edition)
            watched = by.watch()
    voice.good(f"{released.shares} shares sent for edition {released.edition}.")
    _say_watched(watched)
    if released.failed:
        voice.warn(f"{len(released.failed)} seals had no share that opens, first: {released.failed[0]}")
    return exits.OK


@app.command()
def destroy(key: Key, state: State = None, yes: Yes = False) -> int:
    """Destroy your key, once the last edition is published or the letter is abandoned.

    Overwrites and removes KEYFILE and the mirrored seals. It cannot reach copies you made, snapshots and worn flash
    cells. What was published stays; what was not opened can never be opened with this key. If it is interrupted, run it
    again to complete it.

    ```
    undersigned trustee destroy water.age
    ```
    """
    if not key.exists() and not files.deletion_path(key).exists():
        raise InputError(f"{key} does not exist")
    if key.exists() and not key.read_bytes()[:64].startswith(b"age-encryption.org/"):
        raise InputError(f"{key} is not a trustee's key file; it was not changed")
    voice.confirm(f"Destroy {key}, permanently?", yes)
    work.destroy(key, state or state_of(key))
    voice.good(f"{key} is destroyed.")
    return exits.OK
