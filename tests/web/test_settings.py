"""``settings.toml`` and the environment: every error is reported, with the right spelling next to it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from undersigned.web.config.credentials import read_secret, read_smtp_password
from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.first_start import prepare
from undersigned.web.config.settings import Mail, Settings
from undersigned.web.config.sources import parse_settings, read_settings, variables
from undersigned.web.wiring import world_of

from .server import ROOT, SOURCES

SITE = 'authority = "letters.example.org"\n'
GOOD = '[mail]\nhost = "mail.example.org"\nport = 587\nsecurity = "starttls"\nsender = "letters@example.org"\n'


def parsed(text: str, **environment: str) -> Settings:
    """The settings of a file with this text."""
    return parse_settings(tomllib.loads(text), environment, where="settings.toml")


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A data directory as a first start leaves it."""
    made = DataDir(tmp_path / "data")
    prepare(made, "127.0.0.1:8000")
    return made


def test_a_first_start_writes_every_key_as_a_comment(data: DataDir) -> None:
    """Each key has its description and a valid value: uncommented, it is accepted."""
    text = data.settings.read_text()
    assert read_settings(data, {}) == Settings(authority="127.0.0.1:8000", scheme="http")
    full = "".join(
        line.removeprefix("# ") + "\n"
        for line in text.splitlines()
        if line.removeprefix("# ").startswith("[") or " = " in line
    )
    found = parse_settings(tomllib.loads(full), {}, where="settings.toml")
    assert found.mail is not None
    assert found.bucket is not None
    assert {"database", "contact"} <= set(tomllib.loads(full))


def test_a_file_that_is_missing_or_not_toml_is_named(data: DataDir) -> None:
    """With the command that makes one."""
    data.settings.write_text("not toml")
    with pytest.raises(DataError, match=r"settings\.toml is not TOML"):
        read_settings(data, {})
    data.settings.unlink()
    with pytest.raises(DataError, match=r"settings\.toml is missing: `undersigned init"):
        read_settings(data, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('contcat = "press@example.org"\n', "contcat is not a setting: did you mean contact?"),
        ("per_minute = 3\n", "per_minute is not a setting: did you mean per_minute in [mail]?"),
        ('colour = "red"\n', "colour is not a setting: there are authority, scheme,"),
        ('port = "8000"\n', 'port is "8000" (text); it must be a whole number from 1 to 65535'),
        ("port = 0\n", "port is 0 (a number); it must be a whole number from 1 to 65535"),
        ("workers = true\n", "workers is true (true or false); it must be a whole number from 1 to 64"),
        ("contact = 3\n", "contact is 3 (a number); it must be text of at most 200 characters"),
        ('scheme = "ftp"\n', 'scheme is "ftp" (text); it must be "http" or "https"'),
        ('scheme = "http"\n', "scheme is http, which is for the loopback interface only"),
        ('database = "mysql://x"\n', "database does not name a PostgreSQL database"),
        ("mail = 3\n", "mail is 3 (a number); it must be a table: [mail]"),
        (GOOD + 'prot = "x"\n', "[mail] prot is not a setting: did you mean port?"),
        (GOOD + 'contact = "x"\n', "[mail] contact is not a setting: put contact above the first [table]"),
        (GOOD.replace("587", '"587"'), '[mail] port is "587" (text); it must be a whole number'),
        (GOOD.replace('"starttls"', "true"), '[mail] security is true (true or false); it must be "none", "starttls"'),
        (GOOD.replace("port = 587\n", ""), "[mail] port is missing; it must be a whole number"),
        (GOOD.replace("starttls", "ssl"), '[mail] security is "ssl" (text)'),
        (GOOD.replace("starttls", "none"), "[mail] security is none: unencrypted email goes to this machine only"),
        (GOOD + "per_minute = 0\n", "[mail] per_minute is 0 (a number); it must be a whole number from 1 to 100000"),
        (GOOD.replace("letters@", "letters at "), "[mail] sender is 'letters at example.org', which is not an email"),
        ('[bucket]\nregion = "x"\n', "[bucket] name is missing; it must be text"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_right(text: str, said: str) -> None:
    """One sentence: the key, what was found, what is taken."""
    with pytest.raises(DataError) as error:
        parsed(SITE + text)
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_all_faults_are_named_at_once() -> None:
    """An operator does not start a site four times to find four."""
    with pytest.raises(DataError) as error:
        parsed('port = "x"\ncontcat = "y"\n' + GOOD.replace("587", "0"), UNDERSIGNED_WORKERS="many")
    said = str(error.value)
    assert "5 settings are wrong" in said
    for key in ("authority is missing", "port is", "contcat", "[mail] port", "UNDERSIGNED_WORKERS"):
        assert key in said


def test_a_password_in_the_databases_url_is_refused_and_not_repeated() -> None:
    """Anywhere in the URL, and wherever the URL comes from; the error names the places for a password."""
    for url in ("postgresql://letters:s3cret@db.example.org/letters", "postgresql://db/x?user=a&password=s3cret"):
        for text, environment in ((f'database = "{url}"\n', {}), ("", {"UNDERSIGNED_DATABASE": url})):
            with pytest.raises(DataError, match="keys/database-password") as error:
                parsed(SITE + text, **environment)
            assert "s3cret" not in str(error.value)
    found = parsed(SITE + 'database = "postgresql://letters@db1.example.org:5432,db2.example.org/letters"\n')
    assert found.database is not None


def test_the_environment_is_stronger_than_the_file() -> None:
    """Also where the file has no such table; numbers are read from its text."""
    found = parsed(SITE + 'contact = "a"\nport = 8001\n' + GOOD, UNDERSIGNED_CONTACT="b", UNDERSIGNED_MAIL_PORT="25")
    assert (found.contact, found.port) == ("b", 8001)
    assert found.mail == Mail(host="mail.example.org", port=25, security="starttls", sender="letters@example.org")
    bucket = parsed(SITE, UNDERSIGNED_BUCKET_NAME="x", UNDERSIGNED_WORKERS="3")
    assert bucket.bucket is not None
    assert (bucket.bucket.name, bucket.workers) == ("x", 3)


def test_another_authority_by_the_environment_brings_its_own_scheme() -> None:
    """The file's was written for the file's authority."""
    local = 'authority = "127.0.0.1:8000"\nscheme = "http"\n'
    assert parsed(local, UNDERSIGNED_AUTHORITY="letters.example.org").scheme == "https"
    assert parsed('authority = "localhost"\n').scheme == "http"


@pytest.mark.parametrize(
    ("name", "right"),
    [("CONTCAT", "CONTACT"), ("MAILHOST", "MAIL_HOST"), ("DATABSE", "DATABASE"), ("MAIL_PER_MINUT", "MAIL_PER_MINUTE")],
)
def test_a_misspelt_variable_is_an_error(name: str, right: str) -> None:
    """It would have no effect, and the operator would not know."""
    with pytest.raises(DataError, match=f"UNDERSIGNED_{name} is not a setting: did you mean UNDERSIGNED_{right}"):
        parsed(SITE, **{f"UNDERSIGNED_{name}": "x"})


def test_variables_that_resemble_no_setting_are_somebody_elses() -> None:
    """Those of the tests and of other programs stop no site; neither does the one that names the data directory."""
    others = ("DATA", "VECTORS", "OUTCOMES", "PATRONI", "TEST_DATABASE", "TEST_DATABASE_FILES")
    assert parsed(SITE, **{f"UNDERSIGNED_{name}": "x" for name in others}) == parsed(SITE)
    assert "UNDERSIGNED_MAIL_HOST" in variables()


def test_secrets_come_from_credentials_then_from_keys(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail account without a password stops the start; a credential takes precedence over the file."""
    data.settings.write_text('authority = "127.0.0.1:8000"\n' + GOOD + 'user = "letters"\n')
    with pytest.raises(DataError, match="keys/smtp-password"):
        world_of(data)
    (data.keys / "smtp-password").write_text("of the file\n")
    assert read_smtp_password(data) == "of the file"
    credentials = data.root.parent / "credentials"
    credentials.mkdir()
    (credentials / "smtp-password").write_text("of systemd")
    (credentials / "organiser-token").write_text("token of systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert read_smtp_password(data) == "of systemd"
    assert world_of(data).keys.organiser_token() == "token of systemd"
    assert read_secret(data, "database-password") is None
    other = DataDir(data.root.parent / "other")
    prepare(other, "127.0.0.1:8000")
    assert not (other.keys / "organiser-token").exists()
    from undersigned.web.maintenance.doctor.site import directory

    assert [finding for finding in directory(other, at_work=False) if "organiser-token" in finding.what] == []
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    (missing,) = [finding for finding in directory(other, at_work=False) if "organiser-token" in finding.what]
    assert "credential" in missing.what


def test_a_directory_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    """Two of its files are named; nothing is made. What an operator prepares for a site is let be."""
    (tmp_path / "thesis.tex").write_text("x")
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match=r"holds other files \(photos, thesis.tex\)"):
        prepare(DataDir(tmp_path), "127.0.0.1:8000")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "thesis.tex"]
    own = tmp_path / "photos"
    (own / "keys").mkdir()
    (own / "lost+found").mkdir()
    (own / ".profile").write_text("x")
    prepare(DataDir(own), "127.0.0.1:8000")
    assert (own / "settings.toml").exists()


def test_the_reference_page_is_current() -> None:
    """If this fails: run scripts/settings-reference, and commit what it writes."""
    made = runpy.run_path(str(ROOT / "scripts" / "settings-reference"))["settings_page"]()
    assert (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8") == made


def test_settings_imported_without_a_data_directory_make_no_files(tmp_path: Path) -> None:
    """Type checkers, makemigrations and editors import them: no keys, no directory, no database."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("UNDERSIGNED_", "DJANGO_"))},
        "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    words = ["makemigrations", "--check", "--dry-run", "--settings", "undersigned.web.settings"]
    done = subprocess.run(
        [sys.executable, "-m", "django", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
