"""What ``undersigned letter`` says of a letter: words and plurals, whatever the numbers are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from undersigned.cli import letter, voice

STATUS: dict[str, Any] = {
    "state": "open", "stage": "awaiting-trustees", "letter": "x", "size": 3, "count": 1, "signed": 1, "withdrawn": 0,
    "pending": 1, "codes": 1200, "activated": 0, "approvals": [1], "cosigned": {"size": 1, "trustees": [1, 2, 3]},
    "editions": [
        {"number": 1, "after": "2026-12-01T06:00:00Z", "cut": None, "published": None},
        {"number": 2, "after": "", "cut": 9, "open_set": 1, "resolved": 0, "struck": 0, "published": None},
        {"number": 3, "after": "", "cut": 9, "open_set": 40, "resolved": 39, "struck": 1, "published": None},
    ],
}  # fmt: skip


class By:
    """A connection whose server answers with ``STATUS``."""

    def status(self) -> dict[str, Any]:
        """GET status."""
        return STATUS


def test_a_status_is_a_table_of_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """No braces and no quotes: a person reads it. `--json` is for programs."""
    monkeypatch.setattr(letter, "Folder", lambda path: path)
    monkeypatch.setattr(letter, "connected", lambda _: _entered(By()))
    assert letter.status(Path("letter")) == 0
    said = capsys.readouterr().err
    assert not set("{}[]'") & set(said)
    rows = {name.strip(): value for name, _, value in (line.partition("  ") for line in said.splitlines())}
    assert {name: value.strip() for name, value in rows.items()} == {
        "Stage": "awaiting trustees",
        "Count": "1 (1 signed, 0 withdrew)",
        "Waiting for the next batch": "1 entry",
        "Codes used at the last batch": "fewer than 10 of 1,200",
        "Approved by": "trustee 1",
        "Cosigned": "by trustees 1, 2 and 3, up to 1 entry",
        "Edition 1": "notice given; the cut comes not before 2026-12-01T06:00:00Z",
        "Edition 2": "cut; 0 of 1 name opened",
        "Edition 3": "cut; 39 of 40 names opened, 1 struck",
    }


class _entered:  # noqa: N801 - a function, to who uses it
    """A context manager that gives ``by``."""

    def __init__(self, by: By) -> None:
        self._by = by

    def __enter__(self) -> By:
        return self._by

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(("sealed", "next_"), [(True, "undersigned trustee open"), (False, "letter publish my-letter")])
def test_after_a_cut_only_sealed_letters_wait_for_trustees(sealed: bool, next_: str) -> None:
    """The names of a public letter are known."""
    said = letter._after_cut(Path("my-letter"), SimpleNamespace(manifest=SimpleNamespace(sealed=sealed)))  # type: ignore[arg-type]
    assert next_ in said
    assert ("trustee" in said) == sealed


def test_a_number_and_its_noun_agree() -> None:
    """Also where the plural is no s."""
    assert [voice.count(number, "column") for number in (0, 1, 2, 1200)] == [
        "0 columns", "1 column", "2 columns", "1,200 columns",
    ]  # fmt: skip
    assert voice.count(2, "entry", "entries") == "2 entries"
