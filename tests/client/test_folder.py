"""What an organiser's folder may hold, and what is said where it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
    """Otherwise nobody could seal a name, and it would show only when the first one tries."""
    path = trustee_file(tmp_path / "trustee.pub", **changed)
    with pytest.raises(InputError, match="not a trustee's public file"):
        read_trustee(path)
