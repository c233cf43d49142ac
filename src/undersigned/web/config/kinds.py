"""Describes a setting's type and a wrong value in words, for error messages and the reference page."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect


def describe_kind(hint: Any) -> str:
    """Describes the values that a key takes, from its type."""
    return _describe(inspect.type_info(hint))


def _describe(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _describe(inner)
        case inspect.UnionType(types=types):
            return _describe(next(inner for inner in types if not isinstance(inner, inspect.NoneType)))
        case inspect.LiteralType(values=values):
            *others, last = [f'"{value}"' for value in values]
            return f"{', '.join(others)} or {last}"
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case inspect.StrType(min_length=1):
            return "text, not empty"
        case inspect.StrType(max_length=int(longest)):
            return f"text of at most {longest} characters"
        case inspect.StrType():
            return "text"
    raise TypeError(f"no words for {kind}")


def describe_value(value: Any) -> str:
    """Describes a value as the operator wrote it, with its type, to tell ``587`` from ``"587"``."""
    match value:
        case bool():
            return f"{str(value).lower()} (true or false)"
        case int() | float():
            return f"{value} (a number)"
        case str():
            shown = value if len(value) <= 60 else value[:57] + "..."
            return f"{msgspec.json.encode(shown).decode()} (text)"
        case dict():
            return "a table"
        case list():
            return "a list"
    return f"{value} (a {type(value).__name__})"
