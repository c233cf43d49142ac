"""A rehearsal is right only if every figure is as planned."""

from __future__ import annotations

import pytest

from undersigned.cli import voice
from undersigned.cli.rehearsal.record import Record


def test_a_figure_that_differs_or_is_missing_is_wrong() -> None:
    record = Record({"signed": 3, "standing": 2, "void": 0})
    record.measured.update({"signed": 3, "standing": 3})
    assert record.wrong == ["standing", "void"]
    assert not record.summary()["ok"]
    record.measured.update({"standing": 2, "void": 0})
    assert record.wrong == []
    record.expect("names on the server's disk", 0, 1)
    assert record.wrong == ["names on the server's disk"]


def test_nothing_that_is_printed_can_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Names and a server's words are cleaned in one place."""
    voice.say("a\x1b[2Jb\u202ec\r")
    voice.data("a\x07b\u2066c")
    voice.table("t\x1b", ("c",), [("\x9b31m",)])
    voice.data_row(["key", "a\tb\nc"])
    said = capsys.readouterr()
    assert said.out.endswith("key\ta\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\n")
    for character in "\x1b\u202e\r\x07\u2066\x9b":
        assert character not in said.err + said.out
    assert voice.clean("דנה O'Sample") == "דנה O'Sample"
