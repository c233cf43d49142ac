"""Reads ICU message patterns and finds what is wrong with a catalog of them: for the tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from undersigned.languages.figures import say

KEYWORDS = ("zero", "one", "two", "few", "many", "other")
SAMPLES = (*range(201), 1000, 1001, 1011, 10_000, 100_000, 999_999)
"""Numbers that reach every plural category a count of people can take."""


class PatternError(Exception):
    """Not a pattern, or one that uses what the catalogs do without."""


@dataclass
class Plural:
    """``{name, plural, ...}``: a pattern for each category or exact number."""

    name: str
    branches: dict[str, list[Part]] = field(default_factory=dict)


@dataclass(frozen=True)
class Argument:
    """``{name}``."""

    name: str


Part = str | Argument | Plural


def read_pattern(text: str) -> list[Part]:
    """The parts of a pattern. Raises PatternError."""
    parts, end = _parts(text, 0)
    if end != len(text):
        raise PatternError(f"a brace too many at {end}")
    return parts


def _parts(text: str, at: int) -> tuple[list[Part], int]:
    found: list[Part] = []
    while at < len(text) and text[at] != "}":
        if text[at] == "'":
            raise PatternError("an apostrophe is ’ here: ' quotes")
        if text[at] == "{":
            part, at = _argument(text, at + 1)
            found.append(part)
            continue
        end = min((place for place in (text.find(sign, at) for sign in "{}'") if place >= 0), default=len(text))
        found.append(text[at:end])
        at = end
    return found, at


def _argument(text: str, at: int) -> tuple[Part, int]:
    head = re.compile(r"\s*(\w+)\s*(?:(\})|,\s*plural\s*,\s*)").match(text, at)
    if head is None:
        raise PatternError(f"neither an argument nor a plural at {at}")
    if head[2]:
        return Argument(head[1]), head.end()
    plural, at = Plural(head[1]), head.end()
    while branch := re.compile(r"\s*(=\d+|[a-z]+)\s*\{").match(text, at):
        if branch[1] in plural.branches or not (branch[1][0] == "=" or branch[1] in KEYWORDS):
            raise PatternError(f"{branch[1]} is no category, or stands twice")
        plural.branches[branch[1]], at = _parts(text, branch.end())
        at += 1
    if text[at : at + 1] != "}" or "other" not in plural.branches:
        raise PatternError(f"the plural of {plural.name} does not end, or lacks other")
    return plural, at + 1


def each_part(parts: list[Part]) -> Iterator[Argument | Plural]:
    """Every argument and plural, also those inside others."""
    for part in parts:
        if isinstance(part, Argument):
            yield part
        elif isinstance(part, Plural):
            yield part
            for branch in part.branches.values():
                yield from each_part(branch)


def parameters(message: str) -> set[str]:
    """The names of a message's parameters."""
    return {part.name for part in each_part(read_pattern(message))}


def plurals(message: str) -> list[Plural]:
    """Every plural of a message."""
    return [part for part in each_part(read_pattern(message)) if isinstance(part, Plural)]


@cache
def categories(language: str) -> dict[str, set[int]]:
    """The plural categories of a language, each with the sample numbers it is for, from ICU."""
    pattern = "{n, plural, " + " ".join(f"{word}{{{word}}}" for word in KEYWORDS) + "}"
    found: dict[str, set[int]] = {}
    for n in SAMPLES:
        found.setdefault(say(pattern, language, {"n": n}), set()).add(n)
    return found


def plural_faults(language: str, plural: Plural) -> list[str]:
    """The categories of the language that a plural has no pattern for.

    Exact numbers do for a category that is for these numbers alone, as =0 does for the Arabic zero.
    """
    exact = {int(key[1:]) for key in plural.branches if key[0] == "="}
    missing = [
        word for word, numbers in categories(language).items() if word not in plural.branches and numbers - exact
    ]
    foreign = [key for key in plural.branches if key[0] != "=" and key not in {*categories(language), "other"}]
    return [f"{plural.name} lacks {word}" for word in missing] + [f"{plural.name} has {key}" for key in foreign]


def faults(english: Mapping[str, str], language: str, messages: Mapping[str, str]) -> list[str]:
    """What is wrong with one catalog compared with the English one, a line each."""
    found = [f"{id_}: not translated" for id_ in english if id_ not in messages]
    for id_, message in messages.items():
        if id_ not in english:
            near = get_close_matches(id_, english, 1)
            found.append(f"{id_}: no such id" + (f"; meant {near[0]}?" if near else ""))
            continue
        try:
            here, there = parameters(message), parameters(english[id_])
        except PatternError as error:
            found.append(f"{id_}: {error}")
            continue
        if here != there:
            found.append(f"{id_}: parameters {sorted(here)} instead of {sorted(there)}")
        found += [f"{id_}: {fault}" for plural in plurals(message) for fault in plural_faults(language, plural)]
        if language != "en" and message == english[id_] and len(re.findall(r"[^\W\d_]{2,}", message)) > 1:
            found.append(f"{id_}: still in English")
        if message != message.strip() or "  " in message.replace("\n    ", ""):
            found.append(f"{id_}: stray spaces")
    return found


@dataclass
class Asked:
    """What code and templates ask of the catalogs. ``shown``: ids that are shown as they are, nothing filled in."""

    ids: set[str]
    patterns: list[re.Pattern[str]]
    constants: set[str]
    shown: set[str]

    def uses(self, id_: str) -> bool:
        """Whether the id is asked for: by itself, or by a name that is put together of parts the code has."""
        return id_ in self.ids or any(self._fits(pattern.fullmatch(id_)) for pattern in self.patterns)

    def _fits(self, match: re.Match[str] | None) -> bool:
        return match is not None and all(
            {hole, hole.replace("_", "-")} & self.constants for hole in match.groups() if hole
        )


def asked_by(python: list[Path], pages: list[Path]) -> Asked:
    """Reads the code, the templates (``{{ t.id }}``) and the frontend's pages (``{{id}}``) for ids.

    TypeScript holds none: its words are in the HTML that it finds.
    """
    asked = Asked(set(), [], set(), set())
    for file in python:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                asked.constants.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                text = "".join(
                    re.escape(part.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    else r"(\w+)"
                    for part in node.values
                )
                # Three letters at least, so that no pattern fits everything.
                if len(re.findall("[a-z]", text.replace(r"(\w+)", ""))) > 2:
                    asked.patterns.append(re.compile(text))
    for file in pages:
        found = set(re.findall(r"\bt\.(\w+)|\{\{(\w+)\}\}", file.read_text(encoding="utf-8")))
        asked.shown |= {one or other for one, other in found}
    asked.ids |= asked.constants | asked.shown
    return asked
