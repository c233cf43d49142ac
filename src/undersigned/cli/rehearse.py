"""``undersigned rehearse``: runs the whole life of a letter with invented people."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from undersigned.client.errors import InputError
from undersigned.client.link import parse_server

from . import exits, voice
from .outbox import Outbox
from .rehearsal import outdir
from .rehearsal.plan import Plan, Size, make
from .rehearsal.stages import Rehearsal
from .server import Server, free_port, stop_like_ctrl_c


def rehearse(
    out: Annotated[Path, typer.Option(help="Output folder for bundle, pages and summary.json.", metavar="DIR")],
    signatories: Annotated[int, typer.Option(help="How many sign before the notice.")] = 1000,
    withdraw: Annotated[int, typer.Option(help="How many of them withdraw after it.")] = 25,
    join: Annotated[int, typer.Option(help="How many join after it.")] = 8,
    initials: Annotated[int, typer.Option(help="How many sign with initials.")] = 5,
    anonymous: Annotated[int, typer.Option(help="How many sign without a name.")] = 60,
    trustees: Annotated[int, typer.Option(help="How many trustees there are.")] = 3,
    threshold: Annotated[int, typer.Option(help="How many of them open the names.")] = 2,
    seed: Annotated[int, typer.Option(help="Random seed for the invented people; never for keys.")] = 1,
    server: Annotated[
        str | None, typer.Option(help="Use this running server instead of starting one.", metavar="URL")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="With --server: the organiser's token.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON on stdout.")] = False,
) -> int:
    """Play the whole life of a letter with invented people, before real ones do.

    Real keys, real HTTP, a real server with a real database: people sign, a full copy of the server's disk is searched
    for their names, some withdraw and others join, trustees open, one name is struck, the edition is published, typeset
    for newspapers, and verified by a separate process. Ends with exit status 0 only if every figure is as planned.

    ```
    undersigned rehearse --out ./rehearsal
    undersigned rehearse --signatories 40 --withdraw 3 --join 2 --anonymous 4 --out ./small
    ```

    DIR/bundle holds all public files, DIR/pages the newspaper pages, DIR/summary.json every figure, rate and time.
    """
    plan = make(Size(signatories, withdraw, join, initials, anonymous, trustees, threshold, seed))
    if server is not None and token_file is None:
        raise InputError("--server needs --token-file")
    address = parse_server(server) if server is not None else None
    outdir.prepare(out)
    stop_like_ctrl_c()
    with ExitStack() as stack:
        if address is not None and token_file is not None:
            slug = f"rehearsal-{secrets.token_hex(4)}"
            rehearsal = Rehearsal(plan, out, address, token_file, None, slug=slug)
        else:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="undersigned-"))) / "data"
            own = stack.enter_context(Server(data, "127.0.0.1", free_port(), log=out / "server.log"))
            outbox = stack.enter_context(Outbox(None))
            own.initialise(f"127.0.0.1:{own.port}")
            outbox.configure(data / "settings.toml")
            own.start()
            rehearsal = Rehearsal(plan, out, own.url, own.token_file, data, slug="vesper-bay", outbox=outbox)
        rehearsal.run()
    return conclude(rehearsal, plan, as_json)


def conclude(rehearsal: Rehearsal, plan: Plan, as_json: bool = False) -> int:
    """Prints the planned and measured figures; returns the exit code."""
    rehearsal.record.show()
    if as_json:
        voice.data_json(rehearsal.record.summary())
    wrong = rehearsal.record.wrong
    if wrong:
        voice.fail(f"Not as planned: {', '.join(wrong)}.")
        return exits.INVALID
    standing = plan.figures()["standing"]
    voice.good(f"All as planned: {standing} signatures counted. Edition {rehearsal.record.facts['edition']}")
    voice.say(f"  {rehearsal.out / 'bundle'}, {rehearsal.out / 'pages'}, {rehearsal.out / 'summary.json'}")
    return exits.OK
