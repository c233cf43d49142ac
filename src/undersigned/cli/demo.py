"""``undersigned demo``: runs a rehearsal, then serves its site with a second letter to sign."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from undersigned import durable
from undersigned.client import keyfile, organiser, registrar
from undersigned.client.errors import InputError
from undersigned.client.folder import Folder, ServerRecord, read_token
from undersigned.client.letter import connect, fetch_letter
from undersigned.client.link import parse_link
from undersigned.client.organiser import Organiser
from undersigned.client.trustee import Trustee
from undersigned.protocol import base64url, codes

from . import exits, voice
from .outbox import Outbox
from .rehearsal import draft, outdir
from .rehearsal.plan import Size, make
from .rehearsal.stages import Rehearsal
from .rehearse import conclude
from .roll import write as write_roll
from .server import Server, port_is_free, stop_like_ctrl_c, stop_on_signals

_CODES = 12
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter that can be signed: its invitation, and access codes for visitors."""

    invitation: str
    codes: list[str]


def demo(
    out: Annotated[Path, typer.Option(help="Output folder.", metavar="DIR")] = Path("demo"),
    port: Annotated[int, typer.Option(help="The port of the site.", min=1, max=65535)] = 8000,
    signatories: Annotated[int, typer.Option(help="How many sign before the notice.")] = 1000,
    seed: Annotated[int, typer.Option(help="Random seed for the invented people; never for keys.")] = 1,
    exit_: Annotated[bool, typer.Option("--exit", help="End after the checks instead of serving.")] = False,
) -> int:
    """See it all: a rehearsal, then the site with the published letter and two that you can sign.

    ```
    undersigned demo
    ```

    The first letter's people are invented. The second, sealed, is for you to sign, with access codes printed below. The
    third is public and mails codes, which are shown at /outbox: this site's mail goes nowhere else.
    DIR is replaced if a demo created it, and left alone if it contains anything else. Ctrl-C stops the site.
    """
    if not port_is_free("127.0.0.1", port):
        raise InputError(f"port {port} is in use: stop that program, or run undersigned demo --port {port + 1}")
    withdraw, join = (25, 8) if signatories >= 100 else (signatories // 10, 2)
    initials, anonymous = (5, 60) if signatories >= 100 else (1, signatories // 10)
    plan = make(Size(signatories, withdraw, join, initials, anonymous, seed=seed))
    outdir.prepare(out)
    stop_like_ctrl_c()
    _announce(f"http://127.0.0.1:{port}", plan.figures()["signed"], out, exit_)
    with (
        Server(out / "data", "127.0.0.1", port, log=out / "server.log") as server,
        Outbox(server.data / "public") as outbox,
    ):
        server.initialise(f"127.0.0.1:{port}")
        outbox.configure(server.data / "settings.toml")
        server.start()
        rehearsal = Rehearsal(plan, out, server.url, server.token_file, server.data, slug="vesper-bay", outbox=outbox)
        rehearsal.run()
        status = conclude(rehearsal, plan)
        if status != exits.OK:
            return status
        second = open_letter(server, out / "second")
        if exit_:
            _look_at_files(rehearsal, out)
            return exits.OK
        _explain(rehearsal, second, out)
        stop_on_signals(server.end)
        server.wait()
    voice.say("Stopped.")
    return exits.OK


def open_letter(server: Server, folder: Path) -> Opened:
    """A second letter, approved and open, with blank codes: you can sign it with any name."""
    with voice.stage("A second letter is opened, for you"):
        passphrase = secrets.token_urlsafe(18)
        keys = [folder / "trustees" / f"trustee-{number}.age" for number in (1, 2, 3)]
        keys[0].parent.mkdir(parents=True)
        durable.write_over(folder / "trustees" / "passphrase", f"{passphrase}\n".encode())
        made = [keyfile.new_key(f"Trustee {name} (invented)") for name in "ABC"]
        public = [keyfile.save_key(key, path, passphrase) for key, path in zip(made, keys, strict=True)]
        terms = draft.Terms("mill-bridge", public, 2, check="codes", grace=10, batch_min=1)
        draft.write(folder / "letter", terms, datetime.now(UTC), draft.BRIDGE)
        place = Folder(folder / "letter")
        token = read_token(server.token_file)
        known = organiser.draft(server.url, token, terms.slug, str(server.token_file.resolve()))
        place.write_record(known)
        blank = registrar.make_blank_codes(_CODES, base64url.decode(known.registrar))
        write_roll(place, blank)
        invitation = _open(place, known, token, blank, made, keys)
    return Opened(invitation, [codes.format_code("S", code) for code in blank.codes])


def _open(
    place: Folder,
    known: ServerRecord,
    token: str,
    blank: registrar.CodeSet,
    made: list[keyfile.TrusteeKey],
    keys: list[Path],
) -> str:
    by = Organiser(known, token, place.organiser_seed())
    try:
        built, texts = organiser.build_manifest(place, place.letter_file(), known, len(blank.slots), None)
        by.upload_texts(texts)
        by.upload_slots(blank.slots, lambda *_: None)
        letter = by.freeze(built)
        place.mark_open(letter.id_text)
        link = parse_link(letter.invitation)
        with connect(link, connections=1) as http:
            for key, path in zip(made, keys, strict=True):
                state = path.with_name(f"{path.name}.state")
                Trustee(key, fetch_letter(http, link), http, state).approve()
        by.wait_served(letter, lambda status: bool(status["state"] == "open"), "the approvals to be in the log", 60)
    finally:
        by.close()
    return letter.invitation


def _announce(server: str, signed: int, out: Path, ends: bool) -> None:
    """Says what is about to happen, and where the results will be."""
    voice.say(f"{signed:,} invented people sign a letter; its whole life takes two minutes or so.")
    if ends:
        voice.say(f"Then look into {out}: the newspaper pages, and a bundle that anyone can check.")
    else:
        voice.say(f"Then look at {server}/ in a browser: the addresses will be printed here.")
    voice.say()


def _look_at_files(rehearsal: Rehearsal, out: Path) -> None:
    voice.say()
    voice.say("Look at:")
    _say_pages(rehearsal, out)
    voice.say()
    voice.say("Check the published letter as a stranger would:")
    voice.say(f"  {voice.command('verify', out / 'bundle')}")


def _say_pages(rehearsal: Rehearsal, out: Path) -> None:
    for row in rehearsal.record.facts["pages"]:
        voice.say(f"  {out / 'pages' / row['page'] / 'page.pdf'}")
    voice.say(f"  {out / 'summary.json'}")


def _explain(rehearsal: Rehearsal, second: Opened, out: Path) -> None:
    verify = voice.command("verify", rehearsal.letter.invitation)
    sign = voice.command("sign", second.invitation, "--as", "name", "--name", "Your Name", "--group", "reserve")
    voice.say()
    voice.say("Look at, in a browser:")
    voice.say(f"  {rehearsal.letter.link.base}en/   the published letter and its signatories")
    voice.say(f"  {second.invitation}   a second letter, sealed, open for signature")
    voice.say(f"  {rehearsal.mailed}   a third, public, that mails codes")
    voice.say(f"  {rehearsal.server}/outbox   where those mails are shown")
    voice.say()
    voice.say("The newspaper pages, and all figures:")
    _say_pages(rehearsal, out)
    voice.say()
    voice.say("Check the published letter as a stranger would, in another terminal:")
    voice.say(f"  {verify}")
    voice.say()
    voice.say("Sign the second letter, in the browser or by command, with one of these access codes:")
    voice.say(f"  {sign}")
    for code in second.codes[:_SHOWN]:
        voice.say(f"    {code}")
    voice.say(f"  {len(second.codes) - _SHOWN} more are in {out / 'second' / 'letter' / 'roll' / 'codes.csv'}")
    voice.say()
    voice.say("Ctrl-C stops the site.")
