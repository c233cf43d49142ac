"""Reads the settings from ``settings.toml`` and the environment, and reports every fault at once.

Every key is also an environment variable: ``contact`` is UNDERSIGNED_CONTACT, ``host`` of ``[mail]`` is
UNDERSIGNED_MAIL_HOST. The environment overrides the file.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_type_hints

import msgspec
from msgspec import Struct

from undersigned.web.config.datadir import ENVIRONMENT, DataDir, DataError
from undersigned.web.config.kinds import describe_kind, describe_value
from undersigned.web.config.settings import TABLES, Settings, find_faults, scheme_for

PREFIX: Final = "UNDERSIGNED_"
_SIMILAR: Final = 0.8
"""How similar two names must be, from 0 to 1, for one to count as a misspelling of the other."""


def variable_of(key: str, table: str = "") -> str:
    """The environment variable of a key."""
    return PREFIX + (f"{table}_{key}" if table else key).upper()


def read_settings(data: DataDir, environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the settings of the site in ``data``. Raises DataError if the file is missing, or with all its faults."""
    try:
        found = tomllib.loads(data.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{data.settings} is missing: `undersigned init --data {data.root}` makes it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{data.settings} is not TOML: {error}") from None
    return parse_settings(found, environment, where=str(data.settings))


def parse_settings(found: Mapping[str, Any], environment: Mapping[str, str], *, where: str) -> Settings:
    """Builds ``Settings`` from TOML and the environment. ``where``: the file. Raises DataError with all faults."""
    reading = _Reading(environment)
    reading.problems += _misspelt_variables(environment)
    authority = environment.get(variable_of("authority"), found.get("authority"))
    scheme = {"scheme": scheme_for(authority) if isinstance(authority, str) else "https"}
    # If the environment overrides the authority, the file's scheme does not apply to it.
    elsewhere = authority != found.get("authority")
    values = reading.read_table(Settings, {**found, **scheme} if elsewhere else {**scheme, **found}, "")
    for name, kind in TABLES.items():
        table = found.get(name, {})
        if not isinstance(table, dict):
            reading.problems.append(f"{name} is {describe_value(table)}; it must be a table: [{name}]")
        elif name in found or any(variable_of(key, name) in environment for key in kind.__struct_fields__):
            inner = reading.read_table(kind, table, name)
            values[name] = None if reading.problems else kind(**inner)
    if not reading.problems:
        settings = Settings(**values)
        reading.problems += [f"{_spell(key)} {fault}" for key, fault in find_faults(settings)]
        if not reading.problems:
            return settings
    raise DataError(_sentence(where, reading.problems))


def _sentence(where: str, problems: list[str]) -> str:
    if len(problems) == 1:
        return f"{where}: {problems[0]}"
    return f"{where}: {len(problems)} settings are wrong:" + "".join(f"\n  - {problem}" for problem in problems)


def _spell(path: str) -> str:
    """A key as the operator finds it in the file."""
    table, _, key = path.rpartition(".")
    return f"[{table}] {key}" if table else key


class _Reading:
    """Reads tables and collects their faults, so that the operator sees all of them at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def read_table(self, kind: type[Struct], found: Mapping[str, Any], table: str) -> dict[str, Any]:
        """The valid values of one table, by key. The faults are added to ``problems``."""
        keys = [key for key in kind.__struct_fields__ if table or key not in TABLES]
        taken = keys if table else [*keys, *TABLES]
        self.problems += [_unknown(name, taken, table) for name in found if name not in taken]
        hints, values = get_type_hints(kind, include_extras=True), {}
        required = {field.name for field in msgspec.structs.fields(kind) if field.required}
        for key in keys:
            spelt, variable = _spell(f"{table}.{key}" if table else key), variable_of(key, table)
            try:
                if variable in self._environment:
                    spelt = variable
                    # Environment variables are text, so "587" is accepted as a number there, but not in the file.
                    values[key] = msgspec.convert(self._environment[variable], hints[key], strict=False)
                elif key in found:
                    values[key] = msgspec.convert(found[key], hints[key], strict=True)
                elif key in required:
                    self.problems.append(f"{spelt} is missing; it must be {describe_kind(hints[key])}")
            except msgspec.ValidationError:
                wrong = describe_value(self._environment.get(variable, found.get(key)))
                self.problems.append(f"{spelt} is {wrong}; it must be {describe_kind(hints[key])}")
        return values


def _unknown(name: str, keys: list[str], table: str) -> str:
    """The error for an unknown key, with the key that the operator probably meant."""
    said = f"{_spell(f'{table}.{name}' if table else name)} is not a setting"
    homes = [home for home, kind in TABLES.items() if name in kind.__struct_fields__ and not table]
    if homes:
        return f"{said}: did you mean {name} in [{homes[0]}]?"
    if table and name in Settings.__struct_fields__:
        # In TOML, every line after a table's header belongs to that table.
        return f"{said}: put {name} above the first [table]"
    close = difflib.get_close_matches(name, keys, n=1)
    return f"{said}: did you mean {close[0]}?" if close else f"{said}: there are {', '.join(keys)}"


def variables() -> list[str]:
    """The environment variables of all settings."""
    top = [variable_of(key) for key in Settings.__struct_fields__ if key not in TABLES]
    return top + [variable_of(key, table) for table, kind in TABLES.items() for key in kind.__struct_fields__]


def _misspelt_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Reports variables that are almost a setting's. Others with our prefix may belong to another program."""
    known = {name.removeprefix(PREFIX) for name in (*variables(), ENVIRONMENT)}
    for name in sorted(environment):
        if name.startswith(PREFIX) and (rest := name.removeprefix(PREFIX)) not in known:
            close = difflib.get_close_matches(rest, sorted(known), n=1, cutoff=_SIMILAR)
            if close:
                yield f"the environment variable {name} is not a setting: did you mean {PREFIX}{close[0]}?"
