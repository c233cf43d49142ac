"""Entry point of the ``undersigned`` command line. Each command is a module of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from typer.exceptions import Abort, TyperException

from undersigned.client.errors import ClientError, WaitingError
from undersigned.protocol.errors import ProtocolError

from . import exits, voice
from .commands import Commands

app: Final = typer.Typer(
    name="undersigned",
    cls=Commands,
    help=(
        "Open letters that hold under pressure: verified signatures, sealed names, a count anyone can check.\n\n"
        "Try it: `undersigned demo` plays the whole life of a letter, then leaves the site running.\n\n"
        "Check a letter without trusting its site: `undersigned verify https://HOST/LETTER/`"
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """The root command has no options of its own."""


def run(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code. Expected errors are one sentence, without a traceback."""
    try:
        result = app(args=arguments, prog_name="undersigned", standalone_mode=False)
    except Abort:
        return exits.INTERRUPTED
    except TyperException as error:
        _show_usage(error)
        return exits.MISUSE
    except (ClientError, ProtocolError) as error:
        _explain(error, sys.argv[1:] if arguments is None else arguments)
        return exits.of_error(error)
    except ModuleNotFoundError as error:
        # Reads the installed packages' metadata, which only this sentence needs.
        from .site import missing_site

        sentence = missing_site(error)
        if sentence is None:
            raise
        voice.fail(sentence)
        return exits.MISUSE
    except BrokenPipeError:
        return exits.UNKNOWN
    except OSError as error:
        voice.fail(f"{error.filename or 'the system'}: {error.strerror or error}")
        return exits.of_error(error)
    except KeyboardInterrupt:
        voice.say("Stopped.")
        return exits.INTERRUPTED
    except Exception as error:
        if not _is_of_the_press(error):
            raise
        _explain(error, sys.argv[1:] if arguments is None else arguments)
        return exits.of_error(error)
    return result if isinstance(result, int) else exits.OK


def _is_of_the_press(error: Exception) -> bool:
    """Whether it is a PressError or IcuError, decided without importing either package: they may not be installed."""
    for module, name in (("undersigned.press.errors", "PressError"), ("undersigned.languages.library", "IcuError")):
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
            return True
    return False


def _show_usage(error: TyperException) -> None:
    """A usage error as typer formats it (with the command's usage), or the bare message."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
    else:
        voice.fail(error.format_message())


def _explain(error: Exception, arguments: Sequence[str]) -> None:
    text = str(error)
    first = text.split(" ", 1)[0]
    # A message that begins with a file name must not be capitalised: the name would be wrong.
    named = not first.isalpha() or first in arguments or Path(first).exists()
    voice.fail(text if named else f"{text[:1].upper()}{text[1:]}")
    if isinstance(error, WaitingError) and error.until is not None:
        voice.say(f"  Try again after {voice.moment(error.until)}.")


def main() -> None:
    """The ``undersigned`` script."""
    voice.speak_utf8()
    sys.exit(run())


if __name__ == "__main__":
    main()
