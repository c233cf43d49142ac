"""``undersigned``: one command for every role. Each command is one file of this package."""

from __future__ import annotations

import sys
from typing import Final

import typer
from typer.exceptions import Abort, TyperException

from undersigned.client.errors import ClientError, WaitingError
from undersigned.press import PressError
from undersigned.protocol.errors import ProtocolError

from . import (
    backup,
    booking,
    bundle,
    demo,
    doctor,
    exits,
    letter,
    page,
    rehearse,
    roll,
    serve,
    sign,
    trustee,
    verify,
    voice,
)

app: Final = typer.Typer(
    name="undersigned",
    help=(
        "Open letters that hold under pressure: verified signatures, sealed names, a count anybody can check.\n\n"
        "Try it: `undersigned demo` plays the whole life of a letter, then leaves the site running.\n\n"
        "Check a letter without trusting its site: `undersigned verify https://HOST/LETTER/`"
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

READER: Final = "For readers"
SIGNATORY: Final = "For signatories"
ROLES: Final = "For organisers, registrars and trustees"
OPERATOR: Final = "For operators"

app.command("verify", rich_help_panel=READER)(verify.verify)
app.add_typer(bundle.app, name="bundle", rich_help_panel=READER)
app.command("sign", rich_help_panel=SIGNATORY)(sign.sign)
app.command("edit", rich_help_panel=SIGNATORY)(sign.edit)
app.command("withdraw", rich_help_panel=SIGNATORY)(sign.withdraw)
app.command("counted", rich_help_panel=SIGNATORY)(sign.counted)
app.add_typer(letter.app, name="letter", rich_help_panel=ROLES)
app.add_typer(roll.app, name="roll", rich_help_panel=ROLES)
app.add_typer(trustee.app, name="trustee", rich_help_panel=ROLES)
app.add_typer(page.app, name="page", rich_help_panel=ROLES)
app.add_typer(booking.app, name="booking", rich_help_panel=ROLES)
app.command("serve", rich_help_panel=OPERATOR)(serve.serve)
app.command("backup", rich_help_panel=OPERATOR)(backup.backup)
app.command("restore", rich_help_panel=OPERATOR)(backup.restore)
app.command("doctor", rich_help_panel=OPERATOR)(doctor.doctor)
app.command("rehearse", rich_help_panel=OPERATOR)(rehearse.rehearse)
app.command("demo", rich_help_panel=OPERATOR)(demo.demo)


def run(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code. Every expected failure is one sentence, never a traceback."""
    try:
        result = app(args=arguments, prog_name="undersigned", standalone_mode=False)
    except Abort:
        return exits.INTERRUPTED
    except TyperException as error:
        _show_usage(error)
        return exits.MISUSE
    except (ClientError, ProtocolError, PressError) as error:
        _explain(error)
        return exits.of_error(error)
    except BrokenPipeError:
        return exits.UNKNOWN
    except OSError as error:
        voice.fail(f"{error.filename or 'the system'}: {error.strerror or error}")
        return exits.of_error(error)
    except KeyboardInterrupt:
        voice.say("Stopped.")
        return exits.INTERRUPTED
    return result if isinstance(result, int) else exits.OK


def _show_usage(error: TyperException) -> None:
    """Misuse as typer explains it (it adds the command's usage), or the bare sentence."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
    else:
        voice.fail(error.format_message())


def _explain(error: Exception) -> None:
    text = str(error)
    voice.fail(f"{text[:1].upper()}{text[1:]}")
    if isinstance(error, WaitingError) and error.until is not None:
        voice.say(f"  Try again after {voice.moment(error.until)}.")


def main() -> None:
    """The ``undersigned`` script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
