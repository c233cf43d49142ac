"""``undersigned trustee``: the commands of somebody who holds a key share."""

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
Passphrase = Annotated[
    Path | None, typer.Option(help="A file whose first line is the passphrase; else it is asked for.")
]
State = Annotated[Path | None, typer.Option(help="Where this tool remembers what it saw; KEYFILE.state if not given.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def init(
    key: Key,
    name: Annotated[str, typer.Option(help="Your name, as the letter will show it.")],
    passphrase_file: Passphrase = None,
) -> int:
    """Make a key for one letter: KEYFILE, encrypted under a passphrase, and a public file beside it.

    ```
    undersigned trustee init water.age --name 'Ada Millward'
    ```

    Send the `.public.json` file to the organiser. The key file and the passphrase stay with you: without them the names
    under the letter stay closed, or the other trustees must do without you. One key serves one letter.
    """
    passphrase = voice.ask_secret("Passphrase", passphrase_file, twice=True)
    public = keyfile.finish_key(key, name, passphrase) or keyfile.save_key(keyfile.new_key(name), key, passphrase)
    voice.good(f"Your key lies in {key}, encrypted. Send the organiser this file:")
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
    """Where the state of the key file ``key`` lies."""
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
    """Approve a letter: say in its log that you have seen it and hold the key it names.

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
            raise WaitingError("the log has promised to take the approval in, and has not done so yet")
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
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between looks.", min=1, max=86400)] = 60,
    proxy: network.Proxy = None,
) -> int:
    """Watch a letter's log: check every entry, keep a copy, cosign.

    Refuses a log that goes back, forks, holds an entry that must not stand, or cuts before the grace is over by this
    machine's clock; what contradicts is kept as evidence. Let it run, or run it from a timer with `--once`: it has to
    see a notice soon after it is given, for the grace counts from then.

    ```
    undersigned trustee watch water.age 'https://letters.example.org/valley-water/#ID'
    ```
    """
    with _trustee(key, link, passphrase_file, state, proxy) as by:
        while True:
            try:
                _say_watched(by.watch())
            except (UndeliveredError, UnreachableError, WaitingError) as error:
                # These pass with time. Anything else is a reason to stop and call the organiser.
                if once:
                    raise
                voice.warn(str(error))
            if once:
                return exits.OK
            time.sleep(every)


def _say_watched(watched: work.WatchResult) -> None:
    cosigned = "cosigned" if watched.cosigned else "cosigned before"
    voice.good(f"{watched.size} entries, {watched.new} new; {watched.count} stand behind the letter; {cosigned}")
    if watched.mute:
        voice.warn(f"{len(watched.mute)} seals hold no share that opens with this key, the first of {watched.mute[0]}")
    if watched.missing:
        voice.warn(f"{len(watched.missing)} seals were not given, the first of {watched.missing[0]}")


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
    """Open your shares of the names that a cut covers, and hand them in.

    Checks everything `watch` checks, and the release conditions, by this machine's clock. Shares of people who withdrew
    are never opened. With enough trustees' shares the names can be read.

    ```
    undersigned trustee open water.age 'https://letters.example.org/valley-water/#ID'
    ```
    """
    with _trustee(key, link, passphrase_file, state, proxy) as by:
        # Bars only once nothing is asked any more: they would paint over the question.
        voice.confirm(f"Open edition {edition} of {by.letter.manifest.origin}?", yes)
        with voice.progress() as progress:
            by.report_to(progress)
            released = by.open(edition)
            watched = by.watch()
    voice.good(f"{released.shares} shares handed in for edition {released.edition}.")
    _say_watched(watched)
    if released.failed:
        voice.warn(f"{len(released.failed)} seals held no share that opens, the first of {released.failed[0]}")
    return exits.OK


@app.command()
def destroy(key: Key, state: State = None, yes: Yes = False) -> int:
    """Destroy your key, once the last edition is published or the letter is abandoned.

    Overwrites and removes KEYFILE and the mirrored seals. Copies you made, snapshots and worn flash cells are beyond
    its reach. What was published stays; what was not opened can never be opened with this key. Interrupted, it
    is gone through with by the next run.

    ```
    undersigned trustee destroy water.age
    ```
    """
    if not key.exists() and not files.deletion_path(key).exists():
        raise InputError(f"{key} is not there")
    if key.exists() and not key.read_bytes()[:64].startswith(b"age-encryption.org/"):
        raise InputError(f"{key} is not a trustee's key file; it was left alone")
    voice.confirm(f"Destroy {key}, for good?", yes)
    work.destroy(key, state or state_of(key))
    voice.good(f"{key} is destroyed.")
    return exits.OK
