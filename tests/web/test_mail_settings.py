"""The ``[mail]`` table of ``settings.toml``: what is wrong in it is said before anybody waits for a mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from undersigned.web.config.datadir import DataDir, DataError, prepare
from undersigned.web.mail.config import MailSettings, read_mail_settings

GOOD = '[mail]\nhost = "mail.example.org"\nport = 587\nsecurity = "starttls"\nsender = "letters@example.org"\n'


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A data directory that says nothing of mail."""
    made = DataDir(tmp_path / "data")
    prepare(made, "127.0.0.1:8000")
    return made


def test_a_site_without_the_table_sends_no_mail(data: DataDir) -> None:
    """One whose settings are not there, or no settings, says so."""
    assert read_mail_settings(data) is None
    data.settings.write_text("not toml")
    with pytest.raises(DataError, match="not TOML"):
        read_mail_settings(data)
    data.settings.unlink()
    with pytest.raises(DataError, match="missing"):
        read_mail_settings(data)


def test_what_it_takes(data: DataDir) -> None:
    """With a user the password comes from a file of its own; without, there is none. In the clear: here only."""
    data.settings.write_text(GOOD + "per_minute = 5\n")
    assert read_mail_settings(data) == MailSettings(
        "mail.example.org", 587, "starttls", "letters@example.org", per_minute=5
    )
    data.settings.write_text(GOOD + 'user = "letters"\n')
    with pytest.raises(DataError, match="keys/smtp-password"):
        read_mail_settings(data)
    (data.keys / "smtp-password").write_text("a secret\n")
    found = read_mail_settings(data)
    assert found is not None
    assert (found.user, found.password) == ("letters", "a secret")
    for host in ("localhost", "127.0.0.1", "::1"):
        data.settings.write_text(GOOD.replace("mail.example.org", host).replace("starttls", "none"))
        assert read_mail_settings(data) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail = 3\n", r"\[mail\]: takes"),
        (GOOD + 'colour = "red"\n', "takes host"),
        (GOOD.replace("587", '"587"'), "port is not a number"),
        (GOOD.replace('"starttls"', "true"), "security is not a text"),
        (GOOD.replace("port = 587\n", ""), "port missing"),
        (GOOD.replace("starttls", "ssl"), "security is"),
        (GOOD.replace("starttls", "none"), "in the clear goes to this machine only"),
        (GOOD + "per_minute = 0\n", "per_minute is between"),
        (GOOD.replace("letters@example.org", "letters at example"), "sender is not a mail address"),
    ],
)
def test_what_is_wrong_is_named(data: DataDir, text: str, said: str) -> None:
    """One sentence each, with the table's name."""
    data.settings.write_text(text)
    with pytest.raises(DataError, match=said):
        read_mail_settings(data)
