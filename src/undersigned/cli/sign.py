"""``undersigned sign``, ``edit``, ``withdraw``, ``counted``: the signatory's commands."""

from __future__ import annotations

from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from undersigned.client import count_check, pending_signature, signer
from undersigned.client.box import fetch_record
from undersigned.client.errors import InputError, ProblemError, WaitingError
from undersigned.client.http import Http
from undersigned.client.letter import Letter, connect, fetch_letter, fetch_text, require_approvals
from undersigned.client.link import parse_link
from undersigned.protocol import codes, roll

from . import exits, network, voice


class Mode(StrEnum):
    """How the signatory's name appears."""

    NAME = "name"
    INITIALS = "initials"
    ANONYMOUS = "anonymous"


Link = Annotated[str, typer.Argument(help="The invitation: https://HOST/LETTER/#ID", metavar="LINK")]
CodeFile = Annotated[Path | None, typer.Option(help="A file whose first line is the access code; default: ask.")]
WithdrawalFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the withdrawal code; default: ask.")
]
As = Annotated[Mode | None, typer.Option("--as", help="How your name should appear; default: ask.")]
Group = Annotated[str | None, typer.Option(help="Your group, if it is not on the roll.")]
Name = Annotated[str | None, typer.Option(help="Your name or initials, if not on the roll.")]
Title = Annotated[str | None, typer.Option(help="Your title, if it is not on the roll.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def sign(
    link: Link,
    as_: As = None,
    group: Group = None,
    name: Name = None,
    title: Title = None,
    code_file: CodeFile = None,
    show: Annotated[bool, typer.Option("--show", help="Only show the letter.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    proxy: network.Proxy = None,
) -> int:
    """Sign a letter, on your own machine.

    Checks that the letter is the one in the invitation and that every trustee has approved it; has your access code
    certified by a blind signature; seals your name to the trustees; sends the signature, and checks the receipt.

    ```
    undersigned sign 'https://letters.example.org/valley-water/#ID'
    undersigned sign 'https://letters.example.org/valley-water/#ID' --as initials --name 'A. M.' --group residents
    ```

    The withdrawal code is printed once. Anyone who has it can withdraw your signature, and prove that it is yours. If
    the connection breaks, run the same command again on the same machine: it resends the same bytes, and counts once.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        _show(http, letter)
        if show:
            return exits.OK
        require_approvals(http, letter)
        choice = _choice(as_, group, name, title)
        if letter.manifest.eligibility.check != "roll":
            # Ask before the code is used: without an answer, the code would be spent for nothing.
            signer.make_payload(letter, choice, roll.Place(b"", b"", b""), None)
        access = codes.parse_code("S", where.code or voice.ask_secret("Access code", code_file))
        begun = pending_signature.begin(letter, access)
        if begun.prepared is None:
            prepared = _prepare(http, letter, access, begun, choice, yes)
        else:
            prepared = begun.prepared
            voice.say("A signature with this code was begun here. It is resent exactly as you chose then.")
        _print_code(begun.signer, as_json)
        try:
            accepted = signer.post_prepared(http, letter, prepared)
        except ProblemError as error:
            if error.code != "sequence":
                if error.status < 500:
                    begun.drop()
                raise
            # The key exists on this machine only, so the entry in the log is from an earlier attempt here.
            begun.finish()
            voice.warn("The log already has the signature you sent from here, as you chose then.")
            voice.say(f"  To change it: {voice.command('edit', letter.invitation)}")
            return exits.OK
        begun.finish()
    voice.good(f"Signed. The log has promised to include your signature by {accepted.receipt.by}.")
    voice.say("  Until then it waits for its batch and is not in the log yet.")
    voice.say(f"  To withdraw, from any device: {voice.command('withdraw', letter.invitation)}")
    return exits.OK


def _prepare(
    http: Http, letter: Letter, access: bytes, begun: pending_signature.Pending, choice: signer.Choice, yes: bool
) -> signer.Prepared:
    """Prepares the signature and stores it on disk before it is sent. Raises ProblemError."""
    try:
        activated = signer.activate(http, letter, access, begun.signer, begun.blinded)
    except ProblemError as error:
        if error.code in ("code-unknown", "code-used") and not begun.resumed:
            begun.finish()
        raise
    payload = signer.make_payload(letter, choice, activated.place, activated.record)
    who = f"{payload.name}{', ' + payload.title if payload.title else ''}" or "anonymously"
    voice.confirm(f"Sign as {who} ({payload.group})?", yes)
    prepared = signer.prepare(letter, begun.signer, [activated.credential], payload, seq=0)
    begun.keep(prepared)
    return prepared


def _choice(as_: Mode | None, group: str | None, name: str | None, title: str | None) -> signer.Choice:
    """The choice from options or questions. Raises InputError if an option is missing and there is no terminal."""
    chosen = as_ or Mode(voice.choose("How should your name appear?", list(Mode), "--as"))
    return signer.Choice(as_=chosen.value, group=group, name=name, title=title)


def _print_code(who: signer.Signer, as_json: bool) -> None:
    """Prints the code before the entry is sent: a crash afterwards would leave a signature that cannot be withdrawn."""
    voice.say("Your withdrawal code. Write it down; it is shown once and stored nowhere:")
    if as_json:
        voice.data_json({"withdrawal_code": who.withdrawal_code})
    else:
        voice.data(who.withdrawal_code)


def _show(http: Http, letter: Letter) -> None:
    language = letter.manifest.languages[0] if "en" not in letter.manifest.title else "en"
    voice.say(letter.manifest.title[language])
    voice.say()
    voice.say(fetch_text(http, letter, language))
    if letter.manifest.sealed:
        names = "; ".join(trustee.name for trustee in letter.manifest.trustees)
        voice.say(f"Names are sealed. Any {letter.manifest.threshold} of these trustees can open them: {names}.")
    else:
        voice.say("Names are public immediately.")
    voice.say()


def _signer(letter: Letter, file: Path | None) -> signer.Signer:
    return signer.signer_from(letter, codes.parse_code("W", voice.ask_secret("Withdrawal code", file)))


def withdraw(
    link: Link,
    code_file: WithdrawalFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    proxy: network.Proxy = None,
) -> int:
    """Withdraw a signature, permanently. Works at any time, from any machine.

    ```
    undersigned withdraw 'https://letters.example.org/valley-water/#ID'
    ```

    Before publication no one learns who withdrew: the count falls, and the sealed name is deleted.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        who = _signer(letter, code_file)
        voice.confirm("Withdraw? This can't be undone.", yes)
        try:
            again = signer.withdraw(http, letter, who).again
        except ProblemError as error:
            if error.code == "sequence":
                # The same message for a wrong code and an unused one: it must not reveal whether its owner signed.
                raise InputError("No signature belongs to this code.") from None
            if error.code != "duplicate":
                raise
            again = True
    if again:
        voice.good("This signature was already withdrawn. Nothing has changed.")
    else:
        voice.good("Withdrawn. The count changes with the log's next batch.")
    return exits.OK


def edit(
    link: Link,
    as_: As = None,
    group: Group = None,
    name: Name = None,
    title: Title = None,
    code_file: WithdrawalFile = None,
    access_code_file: CodeFile = None,
    proxy: network.Proxy = None,
) -> int:
    """Change how your name appears (name, initials, anonymous), until a cut covers your signature.

    ```
    undersigned edit 'https://letters.example.org/valley-water/#ID' --as anonymous
    undersigned edit 'https://letters.example.org/valley-water/#ID' --as initials --name 'A. M.' --group residents
    ```

    The count does not change. Requires the withdrawal code. With a roll, your name and group come from your access
    code, which is not used up; without it you can be anonymous or appear with initials, in the group you name.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        choice = _choice(as_, group, name, title)
        who = _signer(letter, code_file)
        with voice.progress() as progress:
            found = count_check.look_up_key(
                http, letter, who.key_text, lambda done, total: progress("reading the log", done, total)
            )
        if found.entry is None:
            raise WaitingError(f"There is no signature with this code in the log (yet). {_waits(letter)}")
        if not found.counted:
            raise InputError("This signature has been withdrawn, permanently.")
        certified = None
        if letter.manifest.eligibility.check == "roll" and (choice.as_ == "name" or access_code_file or group is None):
            access = codes.parse_code("S", voice.ask_secret("Access code", access_code_file))
            certified = fetch_record(http, letter, access)
        signer.edit(http, letter, who, found.entry, choice, certified)
    voice.good("Changed. The log has promised to include the change.")
    return exits.OK


def _waits(letter: Letter) -> str:
    """How long a new signature may wait for its batch, by the letter's terms."""
    minutes = max(1, ceil(letter.manifest.batch.wait / 60)) if letter.manifest.sealed else 1
    length = f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes < 120 else f"{ceil(minutes / 60)} hours"
    return (
        f"A new signature waits for its batch, by this letter's terms up to {length}; a mistyped code looks like this "
        "too."
    )


def counted(link: Link, code_file: WithdrawalFile = None, as_json: Json = False, proxy: network.Proxy = None) -> int:
    """Am I counted? Downloads the whole log to check, so that no one learns who asked.

    ```
    undersigned counted 'https://letters.example.org/valley-water/#ID'
    ```

    Exit status: 0 counted, 1 withdrawn, 3 not in the log: never signed, or not yet; the log can't tell which.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        who = _signer(letter, code_file)
        with voice.progress() as progress:
            found = count_check.look_up_key(
                http, letter, who.key_text, lambda done, total: progress("reading the log", done, total)
            )
    state = "counted" if found.counted else "not-in-log" if found.signatory is None else "withdrawn"
    if as_json:
        voice.data_json({"counted": found.counted, "state": state, "count": found.count, "size": found.size})
    elif found.signatory is None:
        voice.warn(f"Not in the log yet. {_waits(letter)}")
    elif found.counted:
        voice.good(f"You are counted: entry {found.signatory.signed}, one of {found.count} signatures.")
        voice.say("  If you changed or withdrew it after this batch, that waits for the next one.")
    else:
        voice.warn(f"You have withdrawn: entry {found.signatory.withdrawn}.")
    return {"counted": exits.OK, "withdrawn": exits.INVALID, "not-in-log": exits.UNKNOWN}[state]
