"""``undersigned sign``, ``edit``, ``withdraw``, ``counted``: a signatory's commands."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from undersigned.client import counted as looking
from undersigned.client import pending, signer
from undersigned.client.errors import InputError, ProblemError
from undersigned.client.http import Http
from undersigned.client.letter import Letter, connect, fetch_letter, fetch_text, require_approvals
from undersigned.client.link import parse_link
from undersigned.protocol import codes

from . import exits, network, voice


class Mode(StrEnum):
    """How somebody stands under the letter."""

    NAME = "name"
    INITIALS = "initials"
    ANONYMOUS = "anonymous"


Link = Annotated[str, typer.Argument(help="The invitation: https://HOST/LETTER/#ID", metavar="LINK")]
CodeFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the access code; else it is asked for.")
]
WithdrawalFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the withdrawal code; else it is asked for.")
]
As = Annotated[Mode, typer.Option("--as", help="How to stand under the letter.")]
Group = Annotated[str | None, typer.Option(help="Your group, where the roll does not say it.")]
Name = Annotated[str | None, typer.Option(help="Your name or initials, where the roll does not say it.")]
Title = Annotated[str | None, typer.Option(help="Your title, where the roll does not say it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def sign(
    link: Link,
    as_: As = Mode.NAME,
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

    Checks that the letter is the one of the invitation and that every trustee has approved it; has your access code
    certified without anybody seeing for whom; seals your name to the trustees; hands it in, and checks the receipt.

    ```
    undersigned sign 'https://letters.example.org/valley-water/#ID'
    undersigned sign 'https://letters.example.org/valley-water/#ID' --as initials --name 'A. M.' --group residents
    ```

    The withdrawal code is printed once. Whoever has it can withdraw your signature, and show that it is yours. If the
    line breaks, run the same command again: nothing is lost and nothing is counted twice.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        _show(http, letter)
        if show:
            return exits.OK
        require_approvals(http, letter)
        access = codes.parse_code("S", where.code or voice.ask_secret("Access code", code_file))
        choice = signer.Choice(as_=as_.value, group=group, name=name, title=title)
        begun = pending.begin(letter, access)
        try:
            activated = signer.activate(http, letter, access, begun.signer, begun.blinded)
        except ProblemError as error:
            if error.code == "code-unknown" and not begun.resumed:
                begun.finish()
            raise
        payload = signer.make_payload(letter, choice, activated.place, activated.record)
        who = f"{payload.name}{', ' + payload.title if payload.title else ''}" or "anonymously"
        voice.confirm(f"Sign as {who} ({payload.group})?", yes)
        _print_code(begun.signer, as_json)
        signer.hand_in(http, letter, begun.signer, [activated.credential], payload, seq=0)
        begun.finish()
    voice.good("Signed. The log has promised, signed, to take your signature in.")
    voice.say(f"  To withdraw, from any device: {voice.command('withdraw', letter.invitation)}")
    return exits.OK


def _print_code(who: signer.Signer, as_json: bool) -> None:
    """Before the entry is sent: afterwards, a machine that stops would leave a signature nobody can withdraw."""
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
        voice.say(f"Names are sealed. {letter.manifest.threshold} of these can open them together: {names}.")
    else:
        voice.say("Names are public at once.")
    voice.say()


def _signer(letter: Letter, file: Path | None) -> signer.Signer:
    return signer.signer_from(letter, codes.parse_code("W", voice.ask_secret("Withdrawal code", file)))


def withdraw(
    link: Link,
    code_file: WithdrawalFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    proxy: network.Proxy = None,
) -> int:
    """Withdraw a signature, for good. Works at any time, from any machine.

    ```
    undersigned withdraw 'https://letters.example.org/valley-water/#ID'
    ```

    Before publication nobody learns who withdrew: the count falls, and what was sealed is deleted.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        who = _signer(letter, code_file)
        voice.confirm("Withdraw? It cannot be taken back.", yes)
        try:
            signer.withdraw(http, letter, who)
        except ProblemError as error:
            if error.code == "sequence":
                # The same words whether the code is wrong or its owner never signed.
                raise InputError("No signature belongs to this code.") from None
            if error.code != "duplicate":
                raise
    voice.good("Withdrawn. The count follows with the log's next batch.")
    return exits.OK


def edit(
    link: Link,
    as_: As = Mode.NAME,
    group: Group = None,
    name: Name = None,
    title: Title = None,
    code_file: WithdrawalFile = None,
    access_code_file: CodeFile = None,
    proxy: network.Proxy = None,
) -> int:
    """Change how you stand under a letter (name, initials, anonymous), until a cut has covered your signature.

    ```
    undersigned edit 'https://letters.example.org/valley-water/#ID' --as anonymous --group residents
    ```

    The count does not change. Needs the withdrawal code; and the access code again to stand with a name of the roll.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        who = _signer(letter, code_file)
        with voice.progress() as progress:
            found = looking.find(http, letter, who.spelt, lambda done, total: progress("reading the log", done, total))
        if found.entry is None or not found.counted:
            raise InputError("No signature belongs to this code, or it has been withdrawn.")
        access = None
        if as_ is Mode.NAME and letter.manifest.eligibility.check == "roll":
            access = codes.parse_code("S", voice.ask_secret("Access code", access_code_file))
        choice = signer.Choice(as_=as_.value, group=group, name=name, title=title)
        signer.edit(http, letter, who, found.entry, choice, access)
    voice.good("Changed. The log has promised to take it in.")
    return exits.OK


def counted(link: Link, code_file: WithdrawalFile = None, as_json: Json = False, proxy: network.Proxy = None) -> int:
    """Am I counted? Downloads the whole log and looks in it, so that nobody learns who asked.

    ```
    undersigned counted 'https://letters.example.org/valley-water/#ID'
    ```

    Exit status: 0 counted, 1 not counted.
    """
    where = parse_link(link)
    with connect(where, proxy=network.chosen(proxy)) as http:
        letter = fetch_letter(http, where)
        who = _signer(letter, code_file)
        with voice.progress() as progress:
            found = looking.find(http, letter, who.spelt, lambda done, total: progress("reading the log", done, total))
    if as_json:
        voice.data_json({"counted": found.counted, "count": found.count, "size": found.size})
    elif found.counted and found.signatory is not None:
        voice.good(
            f"You are counted: entry {found.signatory.signed}, one of {found.count} who stand behind the letter."
        )
    elif found.signatory is not None:
        voice.warn(f"You have withdrawn: entry {found.signatory.withdrawn}.")
    else:
        voice.warn("Not in the log. A new signature appears with its batch; a mistyped code looks like this too.")
    return exits.OK if found.counted else exits.INVALID
