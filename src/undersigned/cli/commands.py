"""The list of commands, each imported only when it runs (lazy loading).

``undersigned --help`` imports none of them, and ``undersigned verify`` imports neither Django nor the typesetting
engine, which may not be installed (docs/adr/0081).
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
    """A command in the list. ``home``: its module in this package and its name there.

    ``about`` repeats the first line of its help, because the list does not import it; a test compares the two.
    """

    home: str
    panel: str
    about: str
    passes_on: bool = False
    """Whether everything after its first word is for another program, options included."""


COMMANDS: Final[dict[str, Entry]] = {
    "verify": Entry("verify:verify", READER, "Check a whole letter, trusting neither its site nor its organiser."),
    "bundle": Entry("bundle:app", READER, "Download all files needed to check a letter."),
    "sign": Entry("sign:sign", SIGNATORY, "Sign a letter, on your own machine."),
    "edit": Entry(
        "sign:edit",
        SIGNATORY,
        "Change how your name appears (name, initials, anonymous), until a cut covers your signature.",
    ),
    "withdraw": Entry(
        "sign:withdraw", SIGNATORY, "Withdraw a signature, permanently. Works at any time, from any machine."
    ),
    "counted": Entry(
        "sign:counted",
        SIGNATORY,
        "Am I counted? Downloads the whole log to check, so that no one learns who asked.",
    ),
    "letter": Entry("letter:app", ROLES, "Write, open, publish or abandon a letter."),
    "roll": Entry("roll:app", ROLES, "Make the roll, its access codes and the slips."),
    "trustee": Entry("trustee:app", ROLES, "Hold a key share: approve, watch, open, destroy."),
    "page": Entry(
        "page:app",
        ROLES,
        "Typeset a letter and its names as a newspaper page, with preflight and readback.",
    ),
    "booking": Entry(
        "booking:app",
        ROLES,
        "Book newspaper pages; the server remakes each for every new edition until you send it.",
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
    """Imports the command ``name``. Raises ModuleNotFoundError if it needs a package that is not installed."""
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
    """All commands, as placeholders that can be listed without importing them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            self.commands[name] = TyperCommand(
                name, callback=None, help=entry.about, rich_help_panel=entry.panel, rich_markup_mode="markdown"
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replaces the placeholder by the command itself, then resolves it as usual."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)
