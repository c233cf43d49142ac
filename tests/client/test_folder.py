"""Validation of an organiser's folder: which files it may hold, and the errors for all others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from undersigned.cli import examples
from undersigned.client import keyfile
from undersigned.client.errors import InputError
from undersigned.client.folder import Folder, read_trustee
from undersigned.protocol import base64url, keys
from undersigned.protocol.seal import seal_public_key


def trustee_file(path: Path, **changed: str) -> Path:
    """A trustee's public file, with some fields changed."""
    fields = {
        "type": "trustee",
        "v": 1,
        "name": "Trustee A (invented)",
        "seal": base64url.encode(seal_public_key(bytes(32))),
        "sign": base64url.encode(keys.public_key(bytes(32))),
    }
    path.write_text(json.dumps({**fields, **changed}), encoding="utf-8")
    return path


def test_a_text_written_with_accents_apart_is_taken_in_normal_form(tmp_path: Path) -> None:
    """An e and its accent typed as two characters are signed as the one letter they are."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "fr.md").write_bytes("L'e\u0301te\u0301\n".encode())
    assert Folder(tmp_path).texts({"fr"}) == {"fr": "L'\u00e9t\u00e9\n"}
    assert read_trustee(trustee_file(tmp_path / "t.pub", name="Re\u0301gine")).name == "R\u00e9gine"


@pytest.mark.parametrize(
    "changed",
    [
        {"seal": base64url.encode(bytes(1215))},
        {"seal": base64url.encode(b"\xff" * 1216)},
        {"seal": "!"},
        {"sign": base64url.encode(bytes(31))},
    ],
    ids=["a short sealing key", "no key of its kind", "no base64url", "a short signing key"],
)
def test_a_trustees_file_with_a_key_that_is_none_is_refused_before_anything_is_frozen(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    """Otherwise no signatory could seal a name, and it would show only when the first one tries."""
    path = trustee_file(tmp_path / "trustee.pub", **changed)
    with pytest.raises(InputError, match="not a trustee's public file"):
        read_trustee(path)


@pytest.mark.parametrize("written", ["A\U0001e08f\u0323", "A\\U0001e08f\u0323"], ids=["as it is", "as an escape"])
def test_a_character_that_the_manifest_cannot_hold_is_named_with_its_place(tmp_path: Path, written: str) -> None:
    """Written in letter.toml, in the text, and in a trustee's name. The control: the example itself is taken."""
    examples.write(tmp_path)
    path = tmp_path / "letter.toml"
    letter = Folder(tmp_path).letter_file()
    old = next(iter(letter.title.values()))
    path.write_text(path.read_text("utf-8").replace(old, written, 1), "utf-8")
    with pytest.raises(InputError, match=r"letter\.toml.*U\+1E08F.* Unicode 14\.0"):
        Folder(tmp_path).letter_file()
    (tmp_path / "text" / "fr.md").write_text("Un\n\U0001fae8\n", "utf-8")
    with pytest.raises(InputError, match=r"fr\.md, line 2: U\+1FAE8"):
        Folder(tmp_path).texts({"fr"})
    with pytest.raises(InputError, match=r"t\.pub.*U\+1FAE8"):
        read_trustee(trustee_file(tmp_path / "t.pub", name="A \U0001fae8"))
    with pytest.raises(InputError, match=r"trustee's name is invalid: it holds U\+1FAE8"):
        keyfile.new_key("A \U0001fae8")
