"""Which commands there are, and the group that imports one only when it is run.

``undersigned --help`` needs none of them, and ``undersigned verify`` needs neither Django nor the typesetting engine:
they may not even be installed (docs/adr/0081).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

READER: Final = "For readers"
SIGNATORY: Final = "For signatories"
ROLES: Final = "For organisers, registrars and trustees"
OPERATOR: Final = "For operators"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the list shows it. ``home``: its module in this package and its name there.

    ``about`` is the first line of its own help, which is not imported for the list; a test holds them together.
    """

    home: str
    panel: str
    about: str
    passes_on: bool = False
    """Whether everything after its first word is for another program, options included."""


COMMANDS: Final[dict[str, Entry]] = {
    "verify": Entry("verify:verify", READER, "Check a whole letter, trusting neither its site nor its organiser."),
    "bundle": Entry("bundle:app", READER, "Download everything anybody needs to check a letter."),
    "sign": Entry("sign:sign", SIGNATORY, "Sign a letter, on your own machine."),
    "edit": Entry(
        "sign:edit",
        SIGNATORY,
        "Change how you are shown under a letter (name, initials, anonymous), until a cut has covered your signature.",
    ),
    "withdraw": Entry(
        "sign:withdraw", SIGNATORY, "Withdraw a signature, for good. Works at any time, from any machine."
    ),
    "counted": Entry(
        "sign:counted",
        SIGNATORY,
        "Am I counted? Downloads the whole log and looks in it, so that nobody learns who asked.",
    ),
    "letter": Entry("letter:app", ROLES, "Write, open, publish or abandon a letter."),
    "roll": Entry("roll:app", ROLES, "Make the roll, its access codes and the slips."),
    "trustee": Entry("trustee:app", ROLES, "Hold a key share: approve, watch, open, destroy."),
    "page": Entry(
        "page:app",
        ROLES,
        "Set a letter and its names on a newspaper's page, checked and read back before it is written.",
    ),
    "booking": Entry(
        "booking:app",
        ROLES,
        "Book pages in newspapers; the server makes each of the newest edition until it is handed in.",
    ),
    "serve": Entry("serve:serve", OPERATOR, "Run a site: web workers and the clerk, until it is told to stop."),
    "init": Entry(
        "serve:init",
        OPERATOR,
        "Make a data directory without starting the site, so that its settings can be changed first.",
    ),
    "backup": Entry(
        "backup:backup",
        OPERATOR,
        "Write everything a site cannot make again into one encrypted file. The site runs meanwhile.",
    ),
    "restore": Entry(
        "backup:restore",
        OPERATOR,
        "Make a data directory from a backup, unless that would make a log say two different things.",
    ),
    "doctor": Entry(
        "doctor:doctor",
        OPERATOR,
        "Examine a site's data: permissions, keys, database, checkpoints, counts. Changes nothing, names nobody.",
    ),
    "django": Entry(
        "management:django",
        OPERATOR,
        "Run one of Django's management commands (shell, dbshell, check, showmigrations) on a site's data.",
        passes_on=True,
    ),
    "rehearse": Entry(
        "rehearse:rehearse", OPERATOR, "Play the whole life of a letter with invented people, before real ones do."
    ),
    "demo": Entry(
        "demo:demo",
        OPERATOR,
        "See it all: a rehearsal, then the site with the published letter and two that you can sign.",
    ),
}


def load(name: str) -> Any:
    """The command ``name`` itself. Raises ModuleNotFoundError if it needs a package that is not installed."""
    entry = COMMANDS[name]
    module, _, attribute = entry.home.partition(":")
    found = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(name, context_settings={"allow_interspersed_args": not entry.passes_on})(found)
        command = typer.main.get_command(alone)
    command.name, command.rich_help_panel = name, entry.panel
    return command


class Commands(TyperGroup):
    """All commands, each a placeholder that can be listed until it is run."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            self.commands[name] = TyperCommand(
                name, callback=None, help=entry.about, rich_help_panel=entry.panel, rich_markup_mode="markdown"
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Puts the command itself in its place, then goes on as usual."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)
