"""What a verification says of a letter: an id and parameters, and their English sentence.

The sentences are ICU messages (``spec.py``); every language has its own of the same ids. Of ICU's grammar they use
``{name}``, ``{name, plural, =0 {..} one {..} other {..}}`` and ``#``, the plural's number. This module formats English
only, without ICU: the protocol depends on no library for words. The check page formats the others
(``frontend/src/protocol/message.ts``); a test compares both with ICU.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Union

import msgspec

from .spec import SENTENCES, FindingId

Parameter = Union[int, str, "Finding"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found. ``findings.py`` has a typed function for each id."""

    id: FindingId
    parameters: dict[str, Parameter] = {}

    @property
    def sentence(self) -> str:
        """The finding in English: no capital at the start, no full stop at the end."""
        return _formatted(_parsed(SENTENCES[self.id]), self.parameters)

    def as_value(self) -> dict[str, Any]:
        """The finding as one flat JSON object, as both implementations report it."""
        flat = {
            name: value.as_value() if isinstance(value, Finding) else value for name, value in self.parameters.items()
        }
        return {"id": self.id, **flat}


class _Plural(msgspec.Struct, frozen=True):
    """A choice by number: the message for each category (``=0``, ``one``, ``other``)."""

    name: str
    branches: dict[str, list[Any]]


class _Place(msgspec.Struct, frozen=True):
    """A parameter's place in a message."""

    name: str


_Message = list[str | _Place | _Plural]


@cache
def _parsed(pattern: str) -> _Message:
    message, rest = _message(pattern)
    if rest:
        raise ValueError(f"a message has a brace too many: {pattern}")
    return message


def _message(text: str) -> tuple[_Message, str]:
    """The message at the start of ``text``, up to a closing brace that belongs to its outside, and what follows."""
    found: _Message = []
    while text and text[0] != "}":
        if text[0] != "{":
            part = re.match(r"[^{}]+", text)
            assert part is not None  # noqa: S101 - the first character is no brace
            found.append(part[0])
            text = text[part.end() :]
        elif place := re.match(r"\{(\w+)\}", text):
            found.append(_Place(place[1]))
            text = text[place.end() :]
        elif plural := re.match(r"\{(\w+), plural,", text):
            branches, text = _branches(text[plural.end() :])
            found.append(_Plural(plural[1], branches))
        else:
            raise ValueError(f"a message has a part that is neither a place nor a plural: {text}")
    return found, text


def _branches(text: str) -> tuple[dict[str, list[Any]], str]:
    """The branches of a plural, and what follows its closing brace."""
    branches: dict[str, list[Any]] = {}
    while branch := re.match(r" *(=\d+|\w+) *\{", text):
        inner, text = _message(text[branch.end() :])
        branches[branch[1]] = inner
        text = text[1:]
    if "other" not in branches or not text.startswith("}"):
        raise ValueError(f"a plural has no branch 'other', or does not end: {text}")
    return branches, text[1:]


def _formatted(message: _Message, parameters: Mapping[str, Parameter], number: str = "#") -> str:
    parts = []
    for part in message:
        if isinstance(part, str):
            parts.append(part.replace("#", number))
        elif isinstance(part, _Place):
            value = parameters[part.name]
            parts.append(value.sentence if isinstance(value, Finding) else str(value))
        else:
            value = parameters[part.name]
            category = f"={value}" if f"={value}" in part.branches else "one" if value == 1 else "other"
            parts.append(_formatted(part.branches[category], parameters, str(value)))
    return "".join(parts)
