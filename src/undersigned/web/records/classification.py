"""Data classification: what each stored field is, whom it concerns, and how long it is kept.

Every model declares it next to its columns, as ``STORED``; ``scripts/privacy-page`` writes docs/reference/privacy.md
from these declarations, and a test finds a model or a field without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """How sensitive a value is, if an outsider reads it."""

    PUBLIC = "public"
    """Anyone can read it on the site, or will once it is in the log."""
    PERSONAL = "personal"
    """About a person, or links to one, and not public."""
    SECRET = "secret"  # noqa: S105 - a class of data, not a password
    """Reveals a name or grants a right when combined with something else: a seal, a share, a box."""
    KEY = "key"
    """A cryptographic key, private or public."""
    TECHNICAL = "technical"
    """Internal state of the site, about no person."""


class Whom(Enum):
    """The person a value is about."""

    SIGNATORY = "signatory"
    ORGANISER = "organiser"
    TRUSTEE = "trustee"
    OPERATOR = "operator"
    NONE = "no person"


@dataclass(frozen=True, slots=True)
class Until:
    """A retention period: in words, the function that deletes the data, and the test that shows the deletion.

    ``erased_in``: ``path::function`` below ``src/undersigned``; empty if nothing deletes it. ``shown_by``: the id of a
    pytest test. A test checks that both exist.
    """

    words: str
    erased_in: str = ""
    shown_by: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One column. ``what``: in words for a data-protection officer; ``until``: if it differs from the table's."""

    kind: Kind
    whom: Whom
    what: str
    until: Until | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One table. ``why``: what the site needs it for. ``fields``: by model field name."""

    title: str
    why: str
    until: Until
    fields: Mapping[str, Field]


SITE_LIFE: Final = Until("As long as the site exists. Nothing deletes it.")
LETTER_LIFE: Final = Until("For the letter's life: as long as the operator keeps it on the site. Nothing deletes it.")
PUBLIC_LOG: Final = Until(
    "For good. It is public and anyone may copy it; a withdrawal is added to the log and takes nothing out of it."
)
UNTIL_BATCH: Final = Until(
    "Until its batch enters the log: while the site runs, at most until the time promised in the receipt.",
    "web/log/rows.py::delete_pending",
    "tests/web/test_clerk.py::test_pending_rows_leave_no_order_behind",
)
UNTIL_REPLACED: Final = Until(
    "Until the signatory changes the signature or withdraws, and that is in the log. The deleted bytes are "
    "overwritten: on SQLite within seconds, on PostgreSQL within about half an hour.",
    "web/log/rows.py::store_objects",
    "tests/web/test_privacy.py::test_what_a_withdrawn_signatory_sealed_is_gone_from_the_disk",
)
UNTIL_WITHDRAWN: Final = Until(
    "Until the signatory withdraws, and that is in the log; otherwise for the letter's life.",
    "web/publication/reconciler.py::erase_withdrawn",
    "tests/web/test_life.py::test_after_publication_a_withdrawal_erases_the_name_everywhere",
)
UNTIL_MAILED: Final = Until(
    "Until the email server has accepted the email or refused it for good; at most three days for an access code, one "
    "day for a withdrawal code. The deleted bytes are overwritten.",
    "web/mail/actions/deliver.py::finish_mail",
    "tests/web/test_mail.py::test_after_sending_the_address_is_nowhere",
)
TWO_DAYS: Final = Until(
    "Until the end of the following day (UTC).",
    "web/clerk/postman.py::_delete_expired",
    "tests/web/test_mail.py::test_no_address_gets_more_than_three_mails_a_day",
)
UNTIL_SETTLED: Final = Until(
    "Until a batch has entered the log and at least ten uses are there, which are then moved to the access codes' "
    "table together.",
    "web/letters/actions/move_uses.py::move_uses",
)
NEWEST_CHECKPOINTS: Final = Until(
    "The newest 64; those that a trustee has signed, for good.",
    "web/log/sequence.py::_delete_old_checkpoints",
)
NEWEST_VALUE: Final = Until("Overwritten by each newer value.")
