"""Generates the ``settings.toml`` that a first start writes, from the settings' own documentation."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from undersigned.web.config.settings import TABLES, Settings

_WIDTH: Final = 118
_HEAD: Final = "The settings of this site. Everything here is public. docs/reference/settings.md explains each key."


def write_template(values: Mapping[str, str]) -> str:
    """Generates the file: the keys of ``values`` are set, each other key is a comment with an example."""
    lines = [*_comment(_HEAD), "", *_table(Settings, values)]
    for name, kind in TABLES.items():
        lines += [*_comment(first_paragraph(kind)), f"# [{name}]"]
        lines += [*_table(kind, {}, brief=True), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(kind: type[Struct], values: Mapping[str, str], *, brief: bool = False) -> Iterator[str]:
    for key, about, example in documented(kind):
        if not brief:
            yield from _comment(about)
        setting = f"{key} = {json.dumps(values.get(key, example), ensure_ascii=False)}"
        yield setting if key in values else f"# {setting}"
        if not brief:
            yield ""


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text.replace("`", ""), _WIDTH, initial_indent="# ", subsequent_indent="# ")


def documented(kind: type[Struct]) -> list[tuple[str, str, Any]]:
    """The keys of a table, without subtables: name, description, example."""
    found = []
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        if field.name not in TABLES:
            schema = field.type.extra_json_schema
            found.append((field.name, schema["description"], schema["examples"][0]))
    return found


def first_paragraph(kind: type[Struct]) -> str:
    """The first paragraph of a table's docstring, on one line: what the table is for."""
    return re.sub(r"\s+", " ", (kind.__doc__ or "").strip().split("\n\n")[0])
