"""Characters that no typeface can print are reported while the letter's text can still be changed."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from undersigned.cli import examples, printable
from undersigned.client.folder import LetterFile

GEORGIAN = "\u10e3\u10d7\u10ee\u10d0\u10e0\u10d8"


def _described(folder: Path, title: str) -> LetterFile:
    examples.write(folder)
    found = tomllib.loads((folder / "letter.toml").read_text())
    found["title"] = {"en": title}
    return msgspec.convert(found, LetterFile)


def test_letters_without_a_typeface_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Title and text each; what follows from it is said once. A letter that can be printed gets no word."""
    printable.warn_of(_described(tmp_path / "a", f"Ask {GEORGIAN}"), {"en": "Two\n\n- \u0909\u0926\u093e"})
    said = " ".join(capsys.readouterr().err.split())
    assert "The title in 'en' has characters that no font here has: \u10e3" in said
    assert "The text in 'en'" in said
    assert said.count("its text cannot be changed") == 1
    printable.warn_of(_described(tmp_path / "b", "Ask K\u0254\u0300fi"), {"en": "Plain *words*"})
    assert capsys.readouterr().err == ""


def test_without_the_press_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The light install has no typefaces to look into."""
    monkeypatch.setitem(sys.modules, "undersigned.press", None)
    monkeypatch.delattr("undersigned.press", raising=False)
    printable.warn_of(_described(tmp_path / "a", GEORGIAN), {"en": GEORGIAN})
    assert capsys.readouterr().err == ""
