"""The terms of a booked page as options: every command that takes them takes the same ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypedDict, get_type_hints

import typer

Style = Annotated[str | None, typer.Option(help="list: one name a line. run-in: in paragraphs.")]
Design = Annotated[str | None, typer.Option(help="classic, plain or names-first.")]
Beside = Annotated[str | None, typer.Option(help="A second language, set side by side.", metavar="L")]
Size = Annotated[str | None, typer.Option(help="The booked size, for a paper whose size we do not know.")]
Titles = Annotated[bool | None, typer.Option("--titles/--no-titles", help="Whether titles stand beside names.")]
Sections = Annotated[bool | None, typer.Option("--sections/--no-sections", help="Whether groups stand apart.")]
Spread = Annotated[bool | None, typer.Option("--spread/--no-spread", help="Two pages of the booked size.")]
First = Annotated[int | None, typer.Option(help="Print so many names; say where the rest are. 0: all.", min=0)]


class Terms(TypedDict):
    """What an organiser may ask of a page; None: nothing was said. The server knows the rest."""

    style: Style
    design: Design
    beside: Beside
    size: Size
    titles: Titles
    sections: Sections
    spread: Spread
    first: First


def with_terms(command: Callable[..., int]) -> Callable[..., int]:
    """``command`` with an option for each term, handed to it together as its argument ``terms``."""
    hints = get_type_hints(Terms, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if parameter.name == "terms":
            parameters += [
                inspect.Parameter(name, parameter.kind, default=None, annotation=hint) for name, hint in hints.items()
            ]
        else:
            parameters.append(parameter)

    @functools.wraps(command)
    def taking(**given: Any) -> int:
        terms = {name: given.pop(name) for name in hints}
        return command(**given, terms=terms)

    # Typer reads a command's options from here.
    taking.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    taking.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return taking


def asked(terms: Terms) -> dict[str, Any]:
    """The terms that were named, as the server takes them."""
    spread = terms["spread"]
    sent = {**terms, "pages": None if spread is None else 1 + spread}
    del sent["spread"]
    return {name: value for name, value in sent.items() if value is not None}
