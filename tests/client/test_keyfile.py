"""A trustee's key at rest: encrypted, never written over, destroyed for good."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from undersigned import durable
from undersigned.client import files, keyfile
from undersigned.client.errors import InputError
from undersigned.client.folder import read_trustee

PASSPHRASE = "six invented words for a test"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[keyfile.TrusteeKey, Path]:
    path = tmp_path_factory.mktemp("keys") / "water.age"
    key = keyfile.new_key("Ada Test")
    keyfile.save_key(key, path, PASSPHRASE)
    return key, path


def test_the_right_passphrase_gives_the_key_back(made: tuple[keyfile.TrusteeKey, Path]) -> None:
    key, path = made
    assert keyfile.load_key(path, PASSPHRASE) == key
    assert read_trustee(keyfile.public_path(path)) == key.public


def test_a_wrong_passphrase_is_refused_in_words(made: tuple[keyfile.TrusteeKey, Path]) -> None:
    with pytest.raises(InputError, match="passphrase is wrong"):
        keyfile.load_key(made[1], PASSPHRASE + "!")


def test_neither_seed_is_in_any_file_and_only_the_owner_reads_the_key(made: tuple[keyfile.TrusteeKey, Path]) -> None:
    key, path = made
    for file in path.parent.iterdir():
        assert key.seal_seed not in file.read_bytes()
        assert key.sign_seed not in file.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.sign_seed.hex() not in repr(key)
    assert "seed" not in repr(key)


def test_a_key_is_never_written_over(made: tuple[keyfile.TrusteeKey, Path]) -> None:
    before = made[1].read_bytes()
    with pytest.raises(InputError, match="will not be overwritten"):
        keyfile.save_key(keyfile.new_key("Bo Test"), made[1], PASSPHRASE)
    assert made[1].read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"age-encryption.org/v1\n", b"-----BEGIN KEY-----", bytes(100)])
def test_another_file_is_not_taken_for_a_key(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.age").write_bytes(data)
    with pytest.raises(InputError):
        keyfile.load_key(tmp_path / "x.age", PASSPHRASE)


def test_a_short_passphrase_and_an_unshowable_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least"):
        keyfile.save_key(keyfile.new_key("Ada Test"), tmp_path / "x.age", "short")
    with pytest.raises(InputError, match="name"):
        keyfile.new_key("Ada\u202e")


def test_what_is_destroyed_was_overwritten_first(tmp_path: Path) -> None:
    """A second name for the same bytes shows what became of them."""
    path, other = tmp_path / "key", tmp_path / "other"
    path.write_bytes(b"secret" * 50)
    other.hardlink_to(path)
    files.destroy(path)
    assert not path.exists()
    assert len(other.read_bytes()) == 300
    assert b"secret" not in other.read_bytes()


def test_a_destruction_that_was_interrupted_is_gone_through_with(tmp_path: Path) -> None:
    path = tmp_path / "key"
    files.deletion_path(path).write_bytes(b"half of it")
    files.destroy(path)
    assert list(tmp_path.iterdir()) == []


def test_a_key_without_its_public_file_gets_it_from_the_next_run(
    made: tuple[keyfile.TrusteeKey, Path], tmp_path: Path
) -> None:
    """The key stays as it is; a wrong passphrase or another name makes nothing."""
    key, path = tmp_path / "water.age", made[1]
    assert keyfile.finish_key(key, "Ada Test", PASSPHRASE) is None
    key.write_bytes(path.read_bytes())
    for name, passphrase in (("Ada Test", PASSPHRASE + "!"), ("Bo Test", PASSPHRASE)):
        with pytest.raises(InputError):
            keyfile.finish_key(key, name, passphrase)
        assert not keyfile.public_path(key).exists()
    public = keyfile.finish_key(key, "Ada Test", PASSPHRASE)
    assert public is not None
    assert read_trustee(public) == made[0].public
    assert key.read_bytes() == path.read_bytes()
    assert keyfile.finish_key(key, "Ada Test", PASSPHRASE) is None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    durable.write_over(path, b"before")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="full"):
        durable.write_over(path, b"after")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]
