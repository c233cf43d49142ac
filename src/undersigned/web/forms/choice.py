"""Parses and validates the signing form, with an error per field. What was typed is kept for the next attempt."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from undersigned.protocol import text as names
from undersigned.protocol.assigned import first_unassigned
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.roll import Record
from undersigned.web.forms.client import Choice
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.mail.addresses import Address, parse_address


@dataclass
class Filled:
    """A submitted form. ``typed``: every field's text; ``errors``: message key by field; ``choice``: if valid."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    choice: Choice | None = None
    address: Address | None = None


def name_styles(letter: FixedLetter) -> list[str]:
    """How a signatory's name may appear on this letter."""
    return ["name", "initials", *(["anonymous"] if letter.manifest.anonymous == "allowed" else [])]


def parse_choice(letter: FixedLetter, posted: Mapping[str, str], record: Record | None) -> Filled:
    """Validates a submitted form. ``record``: the roll's entry for this code's holder, which then decides name and
    group."""
    fields = ("as", "group", "name", "initials", "title", "address")
    filled = Filled({name: clean(posted.get(name, "")) for name in fields})
    typed = filled.typed
    as_ = typed["as"]
    if as_ not in name_styles(letter):
        filled.errors["as"] = "error_as"
    # With a roll the group always comes from it, so that a form cannot move a person to another group.
    group = _find_group(letter, typed["group"]) if record is None else record.group
    if group is None:
        filled.errors["group"] = "error_group"
    name = title = ""
    if as_ == "name" and record is not None:
        name, title = record.name, record.title
    elif as_ == "name":
        name, title = typed["name"], typed["title"]
        _check(filled, "name", name, names.check_name)
        if title:
            _check(filled, "title", title, names.check_name)
    elif as_ == "initials":
        name = typed["initials"]
        _check(filled, "initials", name, names.check_initials)
    if typed["address"]:
        try:
            filled.address = parse_address(typed["address"])
        except MalformedError:
            filled.errors["address"] = "error_address"
    if not filled.errors and group is not None:
        filled.choice = Choice(as_, group, name, title)
    return filled


def clean(text: str) -> str:
    """Normalises to NFC; removes surplus spaces, and invisible characters that come with pasted text.

    Changes nothing else: the person has to correct it.
    """
    return " ".join(part for part in unicodedata.normalize("NFC", names.drop_pasted(text)).split(" ") if part)


def _find_group(letter: FixedLetter, typed: str) -> str | None:
    groups = [group.id for group in letter.manifest.groups]
    if not typed and len(groups) == 1:
        return groups[0]
    return typed if typed in groups else None


def _check(filled: Filled, name: str, text: str, validate: Callable[[str], None]) -> None:
    if first_unassigned(text):
        filled.errors[name] = "error_newer"
        return
    try:
        validate(text)
    except MalformedError:
        filled.errors[name] = f"error_{name}_invisible" if names.has_invisible(text) else f"error_{name}"
